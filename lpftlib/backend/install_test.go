package backend

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/internal/fetch"
)

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// tarball packs one file as a release of go-xla does.
func tarball(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}))
	_, err := archive.Write(content)
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	require.NoError(t, zipped.Close())
	return out.Bytes()
}

// releases serves a release with one archive, whose stated digest is digest.
func releases(t *testing.T, asset string, archive []byte, digest string) string {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/tags/"+releaseVersion, func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"assets": []any{
			map[string]string{"name": asset, "browser_download_url": server.URL + "/get", "digest": digest},
		}})
	})
	mux.HandleFunc("/get", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) })
	return server.URL + "/tags/"
}

// A release is fetched, checked, unpacked and tried. This one is a library that answers nothing,
// which the trial in another process tells, and it does not stay.
func TestInstallCPU(t *testing.T) {
	whole, err := os.ReadFile(library(t, "xla:cpu", harmless))
	require.NoError(t, err)
	archive := tarball(t, "pjrt_c_api_cpu_"+releaseVersion+"_plugin.so", whole)
	install := func(dir, releases string) error {
		_, err := Install(context.Background(), "cpu", InstallOptions{Dir: dir, From: FromRelease, releases: releases})
		return err
	}
	for want, server := range map[string]string{
		"expected " + strings.Repeat("0", 64):  releases(t, cpuAsset(), archive, "sha256:"+strings.Repeat("0", 64)),
		"no SHA-256 to check it against":       releases(t, cpuAsset(), archive, ""),
		"has no " + cpuAsset() + ", but other": releases(t, "other", archive, ""),
		"answers 404 Not Found":                releases(t, cpuAsset(), archive, "") + "no/",
		"nil pointer":                          releases(t, cpuAsset(), archive, "sha256:"+sha(archive)),
		"connection refused; where the network cannot reach it, fetch " + cpuAsset(): "http://127.0.0.1:1/",
	} {
		empty := t.TempDir()
		err := install(empty, server)
		require.ErrorContains(t, err, "xla:cpu cannot be installed: ")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
		left, err := os.ReadDir(empty)
		require.NoError(t, err)
		require.Len(t, left, 1, "the lock")
	}
}

// A file that was fetched elsewhere is installed by its digest, and by it only.
func TestInstallCPUFromFile(t *testing.T) {
	archive := tarball(t, "pjrt_c_api_cpu_v1_plugin.so", []byte("<html>"))
	file := filepath.Join(t.TempDir(), "plugin.tar.gz")
	require.NoError(t, os.WriteFile(file, archive, 0o644))
	install := func(digest string) error {
		_, err := Install(context.Background(), "cpu", InstallOptions{Dir: t.TempDir(), From: file, Digest: digest})
		return err
	}
	require.ErrorContains(t, install(""), "--sha256")
	require.ErrorContains(t, install(strings.Repeat("0", 64)), sha(archive))
	require.ErrorIs(t, install(sha(archive)), ErrTruncated, "six bytes are no library")
	_, err := Install(context.Background(), "tpu", InstallOptions{Dir: t.TempDir()})
	require.ErrorIs(t, err, ErrUnknown)
}

// wheel packs files, given as name, content, ..., and returns the wheel's pin.
func wheel(t *testing.T, dir, project string, entries ...string) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(entries); i += 2 {
		header := &zip.FileHeader{Name: entries[i], Method: zip.Deflate}
		header.SetMode(0o644)
		if strings.Contains(entries[i], "/bin/") {
			header.SetMode(0o755)
		}
		w, err := z.CreateHeader(header)
		require.NoError(t, err)
		_, err = w.Write([]byte(entries[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, project+"-1-py3-none-any.whl"), out.Bytes(), 0o644))
	return project + " 1 " + sha(out.Bytes()) + "\n"
}

// The wheels end up where the plugin looks for its libraries; an older installation goes.
func TestInstallCUDA(t *testing.T) {
	plugin, err := os.ReadFile(library(t, "xla:cuda", harmless))
	require.NoError(t, err)
	index := t.TempDir()
	list := "# comment\n" + wheel(t, index, cudaPlugin, "jax_plugins/xla_cuda13/xla_cuda_plugin.so", string(plugin), "jax_plugins/xla_cuda13/__init__.py", "") +
		wheel(t, index, "nvidia-nvcc", "nvidia/cu13/bin/ptxas", "assembler", "nvidia/cu13/nvvm/libdevice/libdevice.10.bc", "x") +
		wheel(t, index, "nvidia-cudnn", "nvidia/cudnn/lib/libcudnn.so.9", "x", "nvidia/__init__.py", "")
	// A stand-in for pip copies the wheel that its requirements file names.
	python := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(python, []byte(`#!/bin/sh
while [ "$1" != --dest ]; do shift; done
cp "`+index+`/$(sed 's/==.*//' "$2/requirements.txt")"-*.whl "$2"
`), 0o755))
	dir := t.TempDir()
	old := filepath.Join(dir, "nvidia", "old")
	require.NoError(t, os.MkdirAll(old, 0o755))
	o := InstallOptions{Dir: dir, Python: python, Progress: func(string, int64, int64) {}}
	install := func(list string) (string, error) {
		return locked(context.Background(), dir, func(tmp string) (string, error) { return installWheels(context.Background(), tmp, list, o) })
	}
	_, err = install(strings.Replace(list, "nvidia-cudnn 1 ", "nvidia-cudnn 1 0", 1))
	var bad *fetch.DigestError
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, "nvidia-cudnn 1")
	require.DirExists(t, old, "nothing is touched before everything is there")

	path, err := install(list)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "nvidia", "pjrt_c_api_cuda_plugin.so"), path)
	require.NoDirExists(t, old)
	require.FileExists(t, filepath.Join(dir, "nvidia", "cudnn", "lib", "libcudnn.so.9"))
	assembler, err := os.Stat(filepath.Join(dir, "nvidia", "bin", "ptxas"))
	require.NoError(t, err)
	require.NotZero(t, assembler.Mode()&0o100, "a program stays one")
	require.FileExists(t, filepath.Join(dir, "nvidia", "nvvm", "libdevice", "libdevice.10.bc"))
	onlyFolder(t, filepath.Join(dir, "nvidia"))
	require.Equal(t, []Plugin{{Engine: "xla:cuda", Path: path}}, Plugins())
}

// Every line of the list is a project, a version and a digest.
func TestCUDAPins(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		_, err := Install(context.Background(), "cuda", InstallOptions{Dir: t.TempDir()})
		require.ErrorContains(t, err, "linux on amd64")
	}
	pins := 0
	for _, line := range strings.Split(strings.TrimSpace(cudaPins), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		require.Regexp(t, `^[a-z0-9-]+ [0-9.]+ [0-9a-f]{64}$`, line)
		pins++
	}
	require.Contains(t, cudaPins, "\n"+cudaPlugin+" ")
	require.Greater(t, pins, 10)
}
