package store

import (
	"context"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func dropWeights(name string) bool { return name == "model.safetensors" }

// Dropped weights are a recorded state: the artefact is sound and found, its other files are read, the weights are refused
// by name, and the store says what happened.
func TestLighten(t *testing.T) {
	s := open(t)
	var calls atomic.Int32
	a, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	require.Equal(t, Present, s.Look(a.Kind, a.Key))

	freed, err := s.Lighten(a, dropWeights)
	require.NoError(t, err)
	require.EqualValues(t, len("weights"), freed)
	require.NoFileExists(t, a.Path("model.safetensors"))
	require.Equal(t, Light, s.Look(a.Kind, a.Key))

	sound, bad := mustOpen(t, s.Dir()).Verify(func(*Artefact) {})
	require.Empty(t, bad)
	require.Len(t, sound, 1)
	leftovers, err := s.Leftovers()
	require.NoError(t, err)
	require.Empty(t, leftovers)

	b, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	require.EqualValues(t, 1, calls.Load(), "what is left does")
	var result map[string]float64
	require.NoError(t, b.ReadJSON("result.json", &result))
	_, err = b.read("model.safetensors")
	require.ErrorContains(t, err, "was dropped")
	require.Equal(t, []string{Computed, Dropped, Reused}, whats(t, s))

	freed, err = s.Lighten(b, dropWeights)
	require.NoError(t, err)
	require.Zero(t, freed, "a second time drops nothing")
}

// Who needs every file gets them: the artefact is made again and takes the place of the light one, which stays readable
// while that goes on.
func TestWholeIsComputedAgain(t *testing.T) {
	s := open(t)
	var calls atomic.Int32
	a, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	_, err = s.Lighten(a, dropWeights)
	require.NoError(t, err)

	whole := step(1)
	whole.Whole = true
	_, ok, err := s.Lookup(whole)
	require.NoError(t, err)
	require.False(t, ok)
	b, err := s.Do(t.Context(), whole, func(ctx context.Context, w *Work) error {
		_, ok, err := s.Lookup(step(1))
		require.NoError(t, err)
		require.True(t, ok, "the light one is there meanwhile")
		return counted(&calls)(ctx, w)
	})
	require.NoError(t, err)
	require.EqualValues(t, 2, calls.Load())
	require.FileExists(t, b.Path("model.safetensors"))
	require.Equal(t, Present, s.Look(b.Kind, b.Key))
	isEmpty(t, s.Dir()+"/"+stagingDir)
}

// A process killed between the new manifest and the removal leaves a stray file, which is named as such and is no damage.
func TestLightenKilledHalfWay(t *testing.T) {
	s := open(t)
	var calls atomic.Int32
	a, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	_, err = s.Lighten(a, dropWeights)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(a.Path("model.safetensors"), []byte("weights"), 0o644))
	_, bad := s.Verify(func(*Artefact) {})
	require.Empty(t, bad)
	leftovers, err := s.Leftovers()
	require.NoError(t, err)
	require.Len(t, leftovers, 1)
	require.Equal(t, Stray, leftovers[0].What)
}

// A file that is missing without the manifest's saying so is damage, not a dropped file.
func TestMissingIsNotDropped(t *testing.T) {
	s := open(t)
	var calls atomic.Int32
	a, err := s.Do(t.Context(), step(1), counted(&calls))
	require.NoError(t, err)
	require.NoError(t, os.Remove(a.Path("model.safetensors")))
	require.Equal(t, Absent, s.Look(a.Kind, a.Key))
	_, _, err = s.Lookup(step(1))
	require.ErrorContains(t, err, "is missing")
}
