package worker

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program is current as long as nothing changes that it is built from.
func TestProgramIsCurrent(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	write("go.mod", "module m")
	write("cmd/main.go", "package main")
	write("cmd/profiles/demo.json", "{}")
	p := Program{Path: filepath.Join(root, "home", "bin", "lpft"), Sources: root} // the home lies among the sources
	build := func() error { write("home/bin/lpft", "program"); return nil }
	require.False(t, p.Current())
	require.NoError(t, p.MakeBy(build))
	require.True(t, p.Current())

	for _, name := range []string{"cmd/main_test.go", "home/store/x.go", ".git/HEAD", "notebooks/a.ipynb", "cmd/testdata/a.npy"} {
		write(name, "changed")
		require.True(t, p.Current(), name)
	}
	for _, name := range []string{"go.mod", "cmd/main.go", "cmd/profiles/demo.json", "cmd/new.go"} {
		write(name, "changed")
		require.False(t, p.Current(), name)
		require.NoError(t, p.MakeBy(build))
		require.True(t, p.Current(), name)
	}
	require.NoError(t, os.Remove(filepath.Join(root, "cmd", "new.go")))
	require.False(t, p.Current(), "a file that is gone")
	require.NoError(t, p.MakeBy(build))
	require.NoError(t, os.Rename(filepath.Join(root, "cmd"), filepath.Join(root, "cmd2")))
	require.False(t, p.Current(), "a file of another name")

	require.ErrorContains(t, p.MakeBy(func() error { return errors.New("does not compile") }), "does not compile")
	require.NoError(t, os.Rename(filepath.Join(root, "cmd2"), filepath.Join(root, "cmd")))
	require.False(t, p.Current(), "what a build that failed has left is nobody's")
	require.NoError(t, p.MakeBy(func() error {
		write("cmd/main.go", "changed while it is built")
		return build()
	}))
	require.False(t, p.Current())
	require.NoError(t, os.Remove(p.Path))
	require.False(t, p.Current())
}
