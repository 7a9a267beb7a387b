package fetch

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writeZip writes an archive whose entries are given as name, text, name, text, ...
func writeZip(t *testing.T, file string, entries ...string) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i])
		require.NoError(t, err)
		_, err = w.Write([]byte(entries[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
}

func TestWatchStopsWorkThatStandsStill(t *testing.T) {
	err := Watch(context.Background(), t.TempDir(), 100*time.Millisecond, func(int64) {},
		func(ctx context.Context) error { <-ctx.Done(); return errors.New("killed") })
	require.EqualError(t, err, "no byte came within 100ms")
}

func TestUnzipRefusesEntriesThatLeaveTheFolder(t *testing.T) {
	const inside = "tiny/model/"
	for _, name := range []string{"tiny/model/../../evil", "tiny/model//etc/evil", "tiny/model/a/../../evil"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "bad.whl")
		writeZip(t, file, name, "x")
		require.ErrorContains(t, Unzip(file, inside, filepath.Join(dir, "out", "deep")), "would leave the folder", name)
	}
	empty := filepath.Join(t.TempDir(), "empty.whl")
	writeZip(t, empty, "other/file", "x")
	require.ErrorContains(t, Unzip(empty, inside, t.TempDir()), "holds no file below tiny/model/")
}

// writeTar writes a .tar.gz with one entry.
func writeTar(t *testing.T, file string, entry tar.Header) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	zipped := gzip.NewWriter(f)
	archive := tar.NewWriter(zipped)
	require.NoError(t, archive.WriteHeader(&entry))
	_, err = archive.Write(make([]byte, entry.Size))
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	require.NoError(t, zipped.Close())
	require.NoError(t, f.Close())
}

func TestUntar(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.tar.gz")
	for name, entry := range map[string]tar.Header{
		"above":             {Name: "../evil", Typeflag: tar.TypeReg, Size: 1},
		"absolute":          {Name: "/etc/evil", Typeflag: tar.TypeReg, Size: 1},
		"link to elsewhere": {Name: "link", Typeflag: tar.TypeSymlink, Linkname: "../evil"},
	} {
		writeTar(t, file, entry)
		require.ErrorContains(t, Untar(file, filepath.Join(dir, "out")), "would leave the folder", name)
	}
	writeTar(t, file, tar.Header{Name: "pipe", Typeflag: tar.TypeFifo})
	require.ErrorContains(t, Untar(file, filepath.Join(dir, "out")), "neither a file")
	require.NoError(t, os.WriteFile(file, []byte("no archive"), 0o644))
	require.ErrorContains(t, Untar(file, dir), "a.tar.gz")
	writeTar(t, file, tar.Header{Name: "deep/program", Typeflag: tar.TypeReg, Size: 3, Mode: 0o700})
	require.NoError(t, Untar(file, filepath.Join(dir, "out")))
	info, err := os.Stat(filepath.Join(dir, "out", "deep", "program"))
	require.NoError(t, err)
	require.EqualValues(t, 3, info.Size())
	require.NotZero(t, info.Mode()&0o111)
}

// An address that answers, one with other content, one that refuses.
func TestGet(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/file" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("content"))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "file")
	get := func(path, digest string) error {
		return Get(context.Background(), server.URL+path, digest, file, func(int64) {})
	}
	const digest = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
	require.NoError(t, get("/file", digest))
	var bad *DigestError
	require.ErrorAs(t, get("/file", strings.Repeat("0", 64)), &bad)
	require.Equal(t, digest, bad.Got)
	require.ErrorContains(t, get("/other", digest), "answers 404")
}
