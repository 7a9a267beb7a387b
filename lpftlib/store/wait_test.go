package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Who waits hears how far the other is, and when the wait is over; what was said goes with the lock.
func TestWhoWaitsHearsOfProgress(t *testing.T) {
	s := open(t)
	other, err := Open(s.Dir())
	require.NoError(t, err)
	heard := make(chan Wait, 100)
	other.OnWait(func(w Wait) { heard <- w })
	next := func() Wait {
		select {
		case w := <-heard:
			return w
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was heard of")
			return Wait{}
		}
	}
	s.Report("nobody computes")
	waited := make(chan error, 1)
	_, err = s.Do(t.Context(), step(1), func(_ context.Context, w *Work) error {
		go func() {
			a, err := other.Do(t.Context(), step(1), func(context.Context, *Work) error { t.Error("computed twice"); return nil })
			if err == nil && !a.Reused {
				t.Error("not shared")
			}
			waited <- err
		}()
		first := next()
		require.Equal(t, os.Getpid(), first.PID)
		require.Empty(t, first.Progress)
		s.Report(map[string]int{"done": 46})
		s.Report(map[string]int{"done": 47}) // too soon after the other
		told := next()
		require.Equal(t, `{"done":46}`, told.Progress)
		require.Equal(t, first.Since, told.Since)
		require.Equal(t, os.Getpid(), told.PID)
		require.False(t, told.Over)
		require.True(t, told.Own())
		told.PID++
		require.False(t, told.Own())
		return w.WriteJSON("pid.json", 1)
	})
	require.NoError(t, err)
	require.NoError(t, <-waited)
	require.True(t, next().Over)
	require.Empty(t, heard)
	left, err := filepath.Glob(filepath.Join(s.Dir(), locksDir, "*.owner*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
