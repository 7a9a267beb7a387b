package store

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tests below start this test binary again as another process that plays a role.
const (
	roleEnv = "STORE_TEST_ROLE"
	dirEnv  = "STORE_TEST_DIR"
)

func TestMain(m *testing.M) {
	role := roles[os.Getenv(roleEnv)]
	if role == nil {
		os.Exit(m.Run())
	}
	s, err := Open(os.Getenv(dirEnv))
	if err == nil {
		err = role(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var roles = map[string]func(*Store) error{"hang": hang, "share": share, "churn": churn}

// hang publishes one artefact, then leaves a checkpoint and half a file of another and hangs.
func hang(s *Store) error {
	if _, err := s.Do(context.Background(), step(0), func(_ context.Context, w *Work) error { return w.WriteJSON("x.json", 0) }); err != nil {
		return err
	}
	_, err := s.Do(context.Background(), step(1), func(_ context.Context, w *Work) error {
		if err := os.WriteFile(filepath.Join(w.ResumeDir(), "step-7"), []byte("7"), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(w.Dir(), "half"), []byte("ha"), 0o644); err != nil {
			return err
		}
		fmt.Println("hanging")
		select {}
	})
	return err
}

// share wants an artefact that takes a moment, and prints whether it was reused.
func share(s *Store) error {
	s.OnWait(func(w Wait) { fmt.Fprintln(os.Stderr, "waits for", w.PID) })
	a, err := s.Do(context.Background(), step(1), func(_ context.Context, w *Work) error {
		time.Sleep(3 * grace)
		return w.WriteJSON("pid.json", os.Getpid())
	})
	if err != nil {
		return err
	}
	var pid int
	if err := a.ReadJSON("pid.json", &pid); err != nil {
		return err
	}
	fmt.Println(a.Reused, pid)
	return nil
}

// churn publishes one artefact after another until it is killed.
func churn(s *Store) error {
	fmt.Println("churning")
	for seed := 0; ; seed++ {
		if _, err := s.Do(context.Background(), step(seed), func(_ context.Context, w *Work) error {
			for _, name := range []string{"a.json", "deep/b.json"} {
				if err := w.WriteJSON(name, strings.Repeat("x", 1<<12)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
}

func command(t *testing.T, role, dir string) *exec.Cmd {
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, dirEnv+"="+dir)
	return cmd
}

// startHanging returns a process that hangs in the middle of a computation.
func startHanging(t *testing.T, dir string) *exec.Cmd {
	cmd := command(t, "hang", dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "hanging\n", line)
	return cmd
}

// kill is kill -9.
func kill(t *testing.T, cmd *exec.Cmd) {
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
}

func TestKilledAndStartedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	cmd := startHanging(t, dir)

	s, err := Open(dir) // beside the living process: its staging must stay
	require.NoError(t, err)
	p, err := s.place(step(1))
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(s.staging(p), "half"))
	require.Equal(t, cmd.Process.Pid, s.ownerOf(p.name))
	_, ok, err := s.Lookup(step(1))
	require.NoError(t, err)
	require.False(t, ok)

	kill(t, cmd)
	a, err := s.Do(t.Context(), step(1), func(_ context.Context, w *Work) error {
		isEmpty(t, w.Dir())
		left, err := os.ReadFile(filepath.Join(w.ResumeDir(), "step-7"))
		require.NoError(t, err)
		require.Equal(t, "7", string(left))
		return w.WriteJSON("x.json", 1)
	})
	require.NoError(t, err)
	require.False(t, a.Reused)
	require.True(t, a.Manifest.Resumed)
	for seed := range 2 {
		_, ok, err := s.Lookup(step(seed))
		require.NoError(t, err)
		require.True(t, ok)
	}
	require.Equal(t, []string{Computed, Resumed, Computed}, whats(t, s))
	isEmpty(t, filepath.Join(dir, stagingDir))
	isEmpty(t, filepath.Join(dir, resumeDir))
}

// TestKilledAnywhere kills a process that publishes all the time, at many moments: what is
// there is whole, and staging is clean after the next start.
func TestKilledAnywhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	const rounds = 8
	published := func() []os.DirEntry {
		entries, _ := os.ReadDir(filepath.Join(dir, "probe")) // which may not be there yet
		return entries
	}
	for round := range rounds {
		cmd := command(t, "churn", dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		time.Sleep(time.Duration(3+7*round) * time.Millisecond)
		for round == rounds-1 && len(published()) == 0 { // a busy disk had time for none
			time.Sleep(time.Millisecond)
		}
		kill(t, cmd)
	}
	s, err := Open(dir)
	require.NoError(t, err)
	isEmpty(t, filepath.Join(dir, stagingDir))
	found := 0
	for seed := 0; ; seed++ { // they are published in order
		_, ok, err := s.Lookup(step(seed))
		require.NoError(t, err)
		if !ok {
			break
		}
		found++
	}
	require.Equal(t, len(published()), found)
	require.Positive(t, found)
}

func TestOpenSweepsAfterKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	kill(t, startHanging(t, dir))
	s, err := Open(dir)
	require.NoError(t, err)
	isEmpty(t, filepath.Join(dir, stagingDir))
	p, err := s.place(step(1))
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(s.resume(p), "step-7"))
}

// TestWaiterTakesOver: the process that another waits for is killed; the waiter computes.
func TestWaiterTakesOver(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	cmd := startHanging(t, dir)
	s, err := Open(dir)
	require.NoError(t, err)
	s.OnWait(func(w Wait) {
		if w.PID != cmd.Process.Pid {
			t.Errorf("waits for process %d, expected %d", w.PID, cmd.Process.Pid)
		}
		if !w.Over {
			kill(t, cmd)
		}
	})
	a, err := s.Do(t.Context(), step(1), func(context.Context, *Work) error { return nil })
	require.NoError(t, err)
	require.False(t, a.Reused)
	require.Equal(t, []string{Computed, Waited, Resumed, Computed}, whats(t, s))
}

// TestProcessesShare: of four processes one computes, the others wait and read its result.
func TestProcessesShare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	var outs []io.Reader
	var cmds []*exec.Cmd
	for range 4 {
		cmd := command(t, "share", dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		cmds, outs = append(cmds, cmd), append(outs, out)
	}
	fresh, owner, pids := 0, 0, map[int]bool{}
	for i, cmd := range cmds {
		var reused bool
		var pid int
		_, err := fmt.Fscan(outs[i], &reused, &pid)
		require.NoError(t, err)
		require.NoError(t, cmd.Wait())
		pids[pid] = true
		if !reused {
			fresh, owner = fresh+1, cmd.Process.Pid
		}
	}
	require.Equal(t, 1, fresh)
	require.Equal(t, map[int]bool{owner: true}, pids, "all read what one computed")
	lines, err := os.ReadFile(filepath.Join(dir, logName))
	require.NoError(t, err)
	for line := range strings.Lines(string(lines)) {
		require.True(t, json.Valid([]byte(line)), "%q is whole", line)
	}
}
