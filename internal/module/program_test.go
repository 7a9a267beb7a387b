package module

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/progress"
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
	require.NoError(t, p.makeBy(build))
	require.True(t, p.Current())

	for _, name := range []string{"cmd/main_test.go", "home/store/x.go", ".git/HEAD", "notebooks/a.ipynb", "cmd/testdata/a.npy"} {
		write(name, "changed")
		require.True(t, p.Current(), name)
	}
	for _, name := range []string{"go.mod", "cmd/main.go", "cmd/profiles/demo.json", "cmd/new.go"} {
		write(name, "changed")
		require.False(t, p.Current(), name)
		require.NoError(t, p.makeBy(build))
		require.True(t, p.Current(), name)
	}
	require.NoError(t, os.Remove(filepath.Join(root, "cmd", "new.go")))
	require.False(t, p.Current(), "a file that is gone")
	require.NoError(t, p.makeBy(build))
	require.NoError(t, os.Rename(filepath.Join(root, "cmd"), filepath.Join(root, "cmd2")))
	require.False(t, p.Current(), "a file of another name")

	require.ErrorContains(t, p.makeBy(func() error { return errors.New("does not compile") }), "does not compile")
	require.NoError(t, os.Rename(filepath.Join(root, "cmd2"), filepath.Join(root, "cmd")))
	require.False(t, p.Current(), "what a build that failed has left is nobody's")
	require.NoError(t, p.makeBy(func() error {
		write("cmd/main.go", "changed while it is built")
		return build()
	}))
	require.False(t, p.Current())
	require.NoError(t, os.Remove(p.Path))
	require.False(t, p.Current())
}

// Several who want the program have it built once; what it is to be fitted with is there before it counts as made.
func TestProgramIsMadeOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the go command is a shell script here")
	}
	root, tools := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module m"), 0o644))
	// The last but one argument is the program's path.
	require.NoError(t, os.WriteFile(filepath.Join(tools, "go"), []byte("#!/bin/sh\necho built >>'"+tools+"/log'\nsleep 0.2\necho program >\"$4\"\n"), 0o755))
	t.Setenv("PATH", tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	p := Program{Path: filepath.Join(root, "home", "bin", "lpft"), Sources: root}
	p.Fit = func(context.Context) error { return errors.New("does not fit") }
	require.ErrorContains(t, p.Make(t.Context(), progress.Discard), "does not fit")
	require.False(t, p.Current())

	fitted := 0
	p.Fit = func(context.Context) error {
		require.False(t, p.Current())
		fitted++
		return nil
	}
	var all errgroup.Group
	for range 4 {
		all.Go(func() error { return p.Make(t.Context(), progress.Discard) })
	}
	require.NoError(t, all.Wait())
	require.True(t, p.Current())
	require.Equal(t, 1, fitted)
	log, err := os.ReadFile(filepath.Join(tools, "log"))
	require.NoError(t, err)
	require.Equal(t, "built\nbuilt\n", string(log), "the one that did not fit, and one for all four")

	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module other"), 0o644))
	require.ErrorIs(t, p.Make(stopped, progress.Discard), context.Canceled)
}
