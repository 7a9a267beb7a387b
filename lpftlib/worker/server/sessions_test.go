package server

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/session"
	"lpft/lpftlib/worker"
)

// Sessions of several studies share an engine with what it keeps. Resting gives all of it back, and what is asked then is
// computed as before.
func TestSessionsRest(t *testing.T) {
	var engines []*backend.Backend
	k := NewSessions(t.TempDir(), func(string) (*backend.Backend, error) {
		be, err := backend.Open("go")
		engines = append(engines, be)
		return be, err
	})
	features := func(seeds ...uint64) *session.Features {
		s, err := k.Session(t.Context(), worker.Study{Profile: "smoke", Tasks: []string{"toy"}, Seeds: seeds, Offline: true})
		require.NoError(t, err)
		f, err := s.PretrainedFeatures(t.Context(), "toy")
		require.NoError(t, err)
		return f
	}
	first := features(1)
	require.Equal(t, first, features(2))
	require.Len(t, k.Names(), 2)
	require.Len(t, engines, 1)
	k.Rest()
	require.Empty(t, k.Names())
	require.False(t, engines[0].Drop(backend.Weights), "weights were kept")
	require.False(t, engines[0].Drop(backend.Graphs), "graphs were kept")
	require.Equal(t, first, features(1))
	require.Len(t, engines, 1)
}

// A worker for notebooks only reads what a cluster's bucket has; that of `lpft reproduce` computes what the bucket lacks, for its
// own store.
func TestSessionsWithARemote(t *testing.T) {
	bucket := "file://" + filepath.ToSlash(t.TempDir())
	home := t.TempDir()
	features := func(opt Options) (*session.Features, error) {
		k := NewSessions(home, func(string) (*backend.Backend, error) { return backend.Open("go") })
		k.For(New(opt))
		s, err := k.Session(t.Context(), worker.Study{Profile: "smoke", Tasks: []string{"toy"}, Seeds: []uint64{1}, Offline: true, Remote: bucket})
		require.NoError(t, err)
		return s.PretrainedFeatures(t.Context(), "toy")
	}
	_, err := features(Options{})
	require.ErrorContains(t, err, "is not there, and results are only read here")
	made, err := features(Options{Fills: true})
	require.NoError(t, err)
	read, err := features(Options{})
	require.NoError(t, err)
	require.Equal(t, made, read)
}
