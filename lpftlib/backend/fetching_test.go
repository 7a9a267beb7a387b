package backend

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// standIn is a Python whose pip runs the given shell lines, with the folder for wheels in $dest; every call leaves
// a line in the file that is returned.
func standIn(t *testing.T, lines string) (python, calls string) {
	t.Helper()
	dir := t.TempDir()
	python, calls = filepath.Join(dir, "python"), filepath.Join(dir, "calls")
	script := "#!/bin/sh\necho call >>" + calls + "\nwhile [ \"$1\" != --dest ]; do shift; done\ndest=$2\n" + lines
	require.NoError(t, os.WriteFile(python, []byte(script), 0o755))
	return python, calls
}

// emptyHome is a machine without any plugin.
func emptyHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("LPFT_HOME", home)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LD_LIBRARY_PATH", "")
	t.Setenv(EnvVar, "")
	t.Setenv(FoldersVar, "") // restores the variable after the test
	require.NoError(t, os.Unsetenv(FoldersVar))
	if found, _ := filepath.Glob("/usr/local/lib/go-xla/*"); len(found) > 0 {
		t.Skip("this machine has plugins for everybody in /usr/local/lib/go-xla")
	}
	return home
}

// pinned makes a wheel with these files the pinned one, and returns shell lines that deliver it.
func pinned(t *testing.T, library string, content []byte, libraryDigest string) string {
	t.Helper()
	dir := t.TempDir()
	pin := wheel(t, dir, "tiny-xla", "tiny_xla/"+library, string(content), "tiny_xla/__init__.py", "")
	old := cpuPins
	t.Cleanup(func() { cpuPins = old })
	var project, version, digest string
	_, err := fmt.Sscan(pin, &project, &version, &digest)
	require.NoError(t, err)
	cpuPins = fmt.Sprintf("# comment\n%s %s %s 100 tiny_xla/%s %s\n", project, version, digest, library, libraryDigest)
	return "cp " + dir + "/*.whl $dest\n"
}

// Whatever keeps the plugin from being had, the work goes on at once on the engine that is built in, and one line
// says why; nothing stays behind. Who asks for xla:cpu by name gets the error.
func TestFetchingRefused(t *testing.T) {
	if !hasCgo || !hasWheel() {
		t.Skip("no wheel is fetched here")
	}
	good, err := os.ReadFile(library(t, "xla:cpu", harmless))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		pip  func(t *testing.T) string
		want string
	}{
		"wrong wheel": {func(t *testing.T) string {
			pinned(t, "lib.so", good, sha(good))
			return "echo other >$dest/tiny_xla-1-py3-none-any.whl\n"
		}, "has SHA-256"},
		"cut off": {func(t *testing.T) string {
			return pinned(t, "lib.so", good, sha(good)) + "truncate -s 100 $dest/*.whl\n"
		}, "has SHA-256"},
		"wrong library in the right wheel": {func(t *testing.T) string {
			return pinned(t, "lib.so", []byte("other"), sha(good))
		}, "expected " + sha(good)},
		"no library in it": {func(t *testing.T) string {
			pip := pinned(t, "lib.so", good, sha(good))
			cpuPins = cpuPins[:len(cpuPins)-1-len("lib.so ")-64] + "gone.so " + sha(good) + "\n"
			return pip
		}, "gone.so"},
		"no index": {func(*testing.T) string {
			return "echo 'ERROR: Could not find a version that satisfies the requirement' >&2; exit 1\n"
		}, "Could not find a version"},
		"fails its trial": {func(t *testing.T) string { return pinned(t, "lib.so", good, sha(good)) }, "nil pointer"},
		"for another processor": {func(t *testing.T) string {
			other := append([]byte(nil), good...)
			other[18] = 183 // ELF's number of arm64
			return pinned(t, "lib.so", other, sha(other))
		}, ErrArch.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			home := emptyHome(t)
			python, _ := standIn(t, c.pip(t))
			b, err := OpenFetching(context.Background(), "", FetchOptions{Python: python})
			require.NoError(t, err)
			require.Equal(t, "go", b.Engine)
			require.Contains(t, b.Why, c.want)
			require.NotContains(t, b.Why, "\n")
			left, err := os.ReadDir(filepath.Join(home, "plugins", "cpu"))
			require.NoError(t, err)
			require.Len(t, left, 1, "the lock")

			_, err = OpenFetching(context.Background(), "xla:cpu", FetchOptions{Python: python})
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Nobody is asked where nothing is wanted.
func TestNothingIsFetched(t *testing.T) {
	if !hasCgo {
		t.Skip("without cgo no plugin is wanted")
	}
	python, calls := standIn(t, "exit 1\n")
	open := func(spec string, o FetchOptions) string {
		o.Python = python
		b, err := OpenFetching(context.Background(), spec, o)
		require.NoError(t, err)
		require.Equal(t, "go", b.Engine)
		return b.Why
	}
	emptyHome(t)
	open("go", FetchOptions{})
	require.Contains(t, open("", FetchOptions{Offline: true}), "offline")
	dir := t.TempDir()
	t.Setenv(FoldersVar, dir)
	require.Contains(t, open("", FetchOptions{}), FoldersVar+"="+dir)
	t.Setenv(EnvVar, "go")
	require.NoError(t, os.Unsetenv(FoldersVar))
	open("", FetchOptions{})
	_, err := Open("xla:cpu")
	require.Error(t, err, "without fetching it is what it was")
	require.NoFileExists(t, calls)
}

// What a killed download left goes at the next one.
func TestKilledDownload(t *testing.T) {
	home := emptyHome(t)
	dir := filepath.Join(home, "plugins", "cpu")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".part-123"), 0o755))
	python, _ := standIn(t, "exit 1\n")
	_, err := Install(context.Background(), "cpu", InstallOptions{Python: python, releases: "http://127.0.0.1:1/"})
	require.Error(t, err)
	require.NoDirExists(t, filepath.Join(dir, ".part-123"))
}

// A system that is too old for the wheel is told so before anything is fetched.
func TestOldLibc(t *testing.T) {
	require.ErrorContains(t, enough([]int{2, 17}), "needs glibc 2.27, this system has 2.17")
	require.NoError(t, enough([]int{2, 27}))
	require.NoError(t, enough([]int{3, 0}))
	require.Nil(t, glibcVersion(os.Args[0]), "a program defines no versions of glibc")
	for _, file := range []string{"/lib64/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6"} {
		if _, err := os.Stat(file); err == nil {
			require.GreaterOrEqual(t, glibcVersion(file)[1], 20, file)
		}
	}
}

// The list of the processor's plugin is whole.
func TestCPUPin(t *testing.T) {
	w, err := cpuWheel()
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{64}$`, w.Digest)
	require.Regexp(t, `^[0-9a-f]{64}$`, w.digest)
	require.Greater(t, w.bytes, int64(50<<20))
	require.Equal(t, Origin{w.String(), w.digest, true}, originOf("/some/file", w.digest))
}
