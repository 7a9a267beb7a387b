package store

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/internal/crashpoint"
)

func init() { roles["work"] = workThrough }

// crashSteps are computed one after the other: JSON and arrays, the second made from the first, with a checkpoint.
func crashSteps(ctx context.Context, s *Store) ([]*Artefact, error) {
	numbers := make([]float64, 3000)
	for i := range numbers {
		numbers[i] = float64(i) / 7
	}
	first, err := s.Do(ctx, Step{Kind: "features", Version: 1, Inputs: "crash"}, func(_ context.Context, w *Work) error {
		return errors.Join(w.WriteNpy("sub/a.npy", []int{3000}, numbers), w.WriteJSON("b.json", "b"))
	})
	if err != nil {
		return nil, err
	}
	second, err := s.Do(ctx, Step{Kind: "probe", Version: 1, Inputs: first.Key}, func(_ context.Context, w *Work) error {
		if err := WriteFileAtomic(w.ResumeDir()+"/half", []byte("half")); err != nil {
			return err
		}
		a, err := first.ReadNpy("sub/a.npy")
		if err != nil {
			return err
		}
		return w.WriteJSON("c.json", a.Float64[2999])
	})
	return []*Artefact{first, second}, err
}

// workThrough is the other process.
func workThrough(s *Store) error {
	_, err := crashSteps(context.Background(), s)
	return err
}

// crashing is the other process under a fault.
func crashing(t *testing.T, dir string, fault crashpoint.Fault) (int, error) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), roleEnv+"=work", dirEnv+"="+dir)
	return crashpoint.Run(cmd, fault)
}

// Killed at any call that changes the disk, and with a disk that is full from any such call on, a store loses nothing that
// was finished, holds nothing wrong, and the next process computes the rest.
func TestEveryCrashPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred processes: not with -short")
	}
	seen, err := crashing(t, t.TempDir(), crashpoint.Fault{})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		t.Skipf("system calls cannot be watched here: %v", err)
	}
	require.NoError(t, err)
	require.Greater(t, seen, 40)
	for name, errno := range map[string]syscall.Errno{"killed": 0, "full disk": syscall.ENOSPC} {
		wrong := 0
		for n := range seen {
			dir := t.TempDir()
			_, err := crashing(t, dir, crashpoint.Fault{At: n + 1, Fail: errno})
			if errno == 0 {
				require.ErrorIs(t, err, crashpoint.ErrKilled)
			}
			s, err := Open(dir)
			require.NoError(t, err)
			finished, bad := s.Verify(func(*Artefact) {})
			if !assertNone(t, bad, name, n) {
				wrong++
			}
			list, err := crashSteps(t.Context(), s)
			require.NoError(t, err, "%s at call %d", name, n+1)
			for _, done := range finished {
				require.True(t, list[0].Key == done.Key && list[0].Reused || list[1].Key == done.Key && list[1].Reused, "%s at call %d: a finished artefact was lost", name, n+1)
			}
			var last float64
			require.NoError(t, list[1].ReadJSON("c.json", &last))
			require.Equal(t, 2999.0/7, last)
			left, err := s.Leftovers()
			require.NoError(t, err)
			require.Empty(t, left, "%s at call %d", name, n+1)
		}
		require.Zero(t, wrong)
		t.Logf("%s at each of %d calls that change the disk: 0 lost, %d wrong", name, seen, wrong)
	}
}

func assertNone(t *testing.T, bad []error, name string, n int) bool {
	t.Helper()
	for _, err := range bad {
		t.Errorf("%s at call %d: %v", name, n+1, err)
	}
	return len(bad) == 0
}
