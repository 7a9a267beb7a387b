package store

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTornLogLine(t *testing.T) {
	s := open(t)
	require.Empty(t, whats(t, s))
	var calls atomic.Int32
	for seed := range 2 {
		_, err := s.Do(t.Context(), step(seed), counted(&calls))
		require.NoError(t, err)
	}
	path := filepath.Join(s.Dir(), logName)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, whole[:len(whole)-9], 0o644))
	require.Equal(t, []string{Computed}, whats(t, s), "the torn line is skipped")

	_, err = s.Do(t.Context(), step(0), counted(&calls))
	require.NoError(t, err)
	events, err := s.Log()
	require.NoError(t, err)
	require.Len(t, events, 2, "a line after the torn one is whole")
	e := events[1]
	require.Equal(t, Reused, e.What)
	require.Equal(t, "probe", e.Kind)
	require.Equal(t, "LP cb, seed 0", e.Label)
	require.Equal(t, os.Getpid(), e.PID)
	require.Len(t, e.Key, 64)
	require.Positive(t, e.Seconds)
}

// TestUnwritableLog: the artefact counts, the log tells what it lacks.
func TestUnwritableLog(t *testing.T) {
	s := open(t)
	require.NoError(t, os.Mkdir(filepath.Join(s.Dir(), logName), 0o755))
	var calls atomic.Int32
	_, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	_, err = s.Log()
	require.ErrorContains(t, err, logName)
}
