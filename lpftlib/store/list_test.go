package store

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// All artefacts of a kind are listed; one whose file was altered is not, but named.
func TestList(t *testing.T) {
	s := open(t)
	var calls atomic.Int32
	keys := map[string]bool{}
	for seed := range 3 {
		a, err := s.Do(t.Context(), step(seed), counted(&calls))
		require.NoError(t, err)
		keys[a.Key] = true
	}
	list, bad := s.List("probe")
	require.Empty(t, bad)
	require.Len(t, list, 3)
	for _, a := range list {
		require.True(t, keys[a.Key])
		var result map[string]float64
		require.NoError(t, a.ReadJSON("result.json", &result))
	}
	require.NoError(t, os.WriteFile(list[1].Path("result.json"), []byte("{}"), 0o644))
	require.NoError(t, os.Rename(list[2].Dir, filepath.Join(filepath.Dir(list[2].Dir), "0123456789abcdef")))
	list, bad = s.List("probe")
	require.Len(t, list, 1)
	require.Len(t, bad, 2)
	none, bad := s.List("nothing")
	require.Empty(t, none)
	require.Empty(t, bad)
	_, bad = s.List("../x")
	require.Len(t, bad, 1)
}
