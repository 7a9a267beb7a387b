//go:build unix

package command

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/worker"
)

// onToy is a client for the built-in task that starts the given program.
func onToy(t *testing.T, lpft, home string) *worker.Client {
	t.Helper()
	t.Setenv("LPFT_PROGRAM", lpft)
	return worker.New(home, worker.Study{Profile: "smoke", Tasks: []string{"toy"}, Seeds: []uint64{1}, Backend: "go", Offline: true}, progress.Discard)
}

// rowsThere asks the worker something, and which process answered.
func rowsThere(t *testing.T, c *worker.Client) (pid int) {
	t.Helper()
	tasks, err := worker.Call(t.Context(), c, worker.Tasks, worker.None{})
	require.NoError(t, err)
	require.Equal(t, "toy", tasks[0].ID)
	require.Positive(t, tasks[0].Rows.Train)
	if c.Address != "" {
		return 0
	}
	s, err := worker.Ask(c.Home)
	require.NoError(t, err)
	require.Len(t, s.Kept, 1)
	return s.PID
}

// The first request starts a worker, the second finds it; one that is killed, and one of another build, is replaced.
func TestResidentWorker(t *testing.T) {
	lpft, home := program(t), t.TempDir()
	t.Setenv("HF_TOKEN", "secret")
	c := onToy(t, lpft, home)
	defer func() { require.NoError(t, worker.End(context.Background(), home)) }()
	first := rowsThere(t, c)
	require.Equal(t, first, rowsThere(t, c))
	if runtime.GOOS == "linux" {
		env, err := os.ReadFile("/proc/" + strconv.Itoa(first) + "/environ")
		require.NoError(t, err)
		require.False(t, bytes.Contains(env, []byte("secret")), "the login's token")
		group, err := syscall.Getpgid(first)
		require.NoError(t, err)
		require.Equal(t, first, group, "signals to the cell's group do not reach it")
	}

	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.Eventually(t, func() bool { _, err := worker.Ask(home); return err != nil }, 5*time.Second, time.Millisecond)
	second := rowsThere(t, c)
	require.NotEqual(t, first, second)

	later := time.Now().Add(time.Minute)
	require.NoError(t, os.Chtimes(lpft, later, later)) // as a build leaves it
	third := rowsThere(t, c)
	require.NotEqual(t, second, third)

	require.NoError(t, worker.End(t.Context(), home))
	_, err := worker.Ask(home)
	require.ErrorIs(t, err, worker.ErrNone)
	require.NoError(t, worker.End(t.Context(), home), "there is none to end")
}

// What somebody changes in the sources computes for the next cell: it makes lpft anew and replaces the worker, once.
func TestWorkerOfChangedSources(t *testing.T) {
	lpft, home, sources, tools := program(t), t.TempDir(), t.TempDir(), t.TempDir()
	change := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(sources, "go.mod"), []byte(text), 0o644))
	}
	change("module m")
	require.NoError(t, os.WriteFile(filepath.Join(tools, "go"), []byte("#!/bin/sh\ncp '"+lpft+"' \"$4\"\n"), 0o755)) // go build -buildvcs=false -o FILE
	t.Setenv("PATH", tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("LPFT_SOURCES", sources)
	cell := func() *worker.Client { return onToy(t, filepath.Join(home, "bin", "lpft"), home) }
	defer func() { require.NoError(t, worker.End(context.Background(), home)) }()
	first := rowsThere(t, cell())
	require.Equal(t, first, rowsThere(t, cell()))
	change("module other")
	c := cell()
	second := rowsThere(t, c)
	require.NotEqual(t, first, second)
	require.Equal(t, second, rowsThere(t, c), "the same cell")
	require.Equal(t, second, rowsThere(t, cell()))

	change("module another")
	cells := []*worker.Client{cell(), cell(), cell()}
	var all errgroup.Group
	for _, c := range cells {
		all.Go(func() error { _, err := worker.Call(t.Context(), c, worker.Tasks, worker.None{}); return err })
	}
	require.NoError(t, all.Wait(), "none ends the worker that another has just started")
	require.NotEqual(t, second, rowsThere(t, cells[0]))
}

// A cell that wants a worker of its own leaves no other behind.
func TestOwnWorker(t *testing.T) {
	lpft, home := program(t), t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("LPFT_WORKER", "off")
	rowsThere(t, onToy(t, lpft, home))
	_, err := worker.Ask(home)
	require.ErrorIs(t, err, worker.ErrNone)
	require.DirExists(t, filepath.Join(os.TempDir(), "lpft-worker-"+strconv.Itoa(os.Getpid())))

	dir := filepath.Join(t.TempDir(), "own")
	cmd := exec.Command(lpft, "worker", "run", "--socket", filepath.Join(dir, "socket"), "--parent", "1") // which it has not
	cmd.Env = append(os.Environ(), "LPFT_HOME="+home)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Run() }()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("it outlives the process that it works for")
	}
	require.NoDirExists(t, dir)
}
