package encoder

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A checkpoint is read once; another digest is another checkpoint; whoever has a copy of the numbers may write into it.
func TestLoadReadsOnce(t *testing.T) {
	be := openBackend(t)
	dir := t.TempDir()
	for _, file := range []string{"config.json", weightsFile} {
		data, err := os.ReadFile(filepath.Join("testdata", "bert-2", file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), data, 0o644))
	}
	want := load(t, dir)
	_, err := Load(be, t.TempDir(), want.Config, "one")
	require.ErrorContains(t, err, weightsFile, "a failure is not kept")
	one, err := Load(be, dir, want.Config, "one")
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, weightsFile)))

	again, err := Load(be, dir, want.Config, "one")
	require.NoError(t, err)
	require.Same(t, one, again)
	_, err = Load(be, dir, want.Config, "two")
	require.ErrorContains(t, err, weightsFile)

	copied, err := again.Weights()
	require.NoError(t, err)
	require.Equal(t, want, copied)
	copied.Tensors[WordEmbeddings][0]++
	unharmed, err := again.Weights()
	require.NoError(t, err)
	require.Equal(t, want, unharmed)
	_, err = again.First(3)
	require.EqualError(t, err, "3 layers of an encoder of 2: expected 0 to 2")
}

// The features of a model's first layers are those of a smaller model with the same tensors, and one pass gives them all.
func TestFirstLayers(t *testing.T) {
	be := openBackend(t)
	w := load(t, filepath.Join("testdata", "bert-2"))
	_, encs := readFixture(t, filepath.Join("testdata", "bert-2", "fixture.json"))
	whole, err := w.Place(be)
	require.NoError(t, err)
	run, err := whole.LayersRunner(nil)
	require.NoError(t, err)
	all, err := run.Features(t.Context(), encs, nil)
	require.NoError(t, err)
	require.Len(t, all, len(encs)*(w.Config.Layers+1)*w.Config.Hidden)
	for layers := range w.Config.Layers + 1 {
		cfg := *w.Config
		cfg.Layers = layers
		want := featuresOf(t, &Weights{Config: &cfg, Tensors: w.Tensors}, nil, encs)
		part, err := whole.First(layers)
		require.NoError(t, err)
		run, err := part.Runner(nil)
		require.NoError(t, err)
		got, err := run.Features(t.Context(), encs, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
		h := w.Config.Hidden
		for i := range encs {
			at := (i*(w.Config.Layers+1) + layers) * h
			require.InDeltaSlice(t, want[i*h:(i+1)*h], all[at:at+h], 1e-6)
		}
	}
}
