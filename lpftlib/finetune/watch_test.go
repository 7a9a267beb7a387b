package finetune

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"lpft/kernels/dynamics"
	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/stage"
)

// fewRows is the fixture with its first rows alone: float64 kernels of all of them take long.
func fewRows(t *testing.T) trainingFixture {
	f := readFixture(t)
	f.Texts, f.Labels = f.Texts[:8], f.Labels[:8]
	return f
}

// descending is a recipe of plain gradient descent on the fixture's rows.
func descending(f trainingFixture, rate float64) Recipe {
	return Recipe{Epochs: 2, Batch: 3, LearningRate: rate, Clip: 1, Seed: 3, EvalsPerEpoch: 1, Optimiser: stage.SGD}
}

// trace trains and returns the logits of the training rows before each step and after the last.
func trace(t *testing.T, start Start, f trainingFixture, recipe Recipe) []*mat.Dense {
	t.Helper()
	var out []*mat.Dense
	err := Watch(t.Context(), openBackend(t), start, Data{Train: f.set(), Val: f.set()}, recipe, func(ctx context.Context, m *Moment) error {
		require.Equal(t, len(out), m.Step)
		train, err := m.TrainLogits(ctx)
		require.NoError(t, err)
		val, err := m.ValLogits(ctx)
		require.True(t, mat.Equal(train, val), "both splits are the same rows here")
		out = append(out, train)
		return err
	})
	require.NoError(t, err)
	require.Len(t, out, 1+recipe.Epochs*recipe.StepsPerEpoch(len(f.Texts)))
	return out
}

// follow is what the kernel at the start predicts of the same steps.
func follow(t *testing.T, start Start, f trainingFixture, recipe Recipe) *dynamics.Path {
	t.Helper()
	set := f.set()
	k, err := ntk.Compute(t.Context(), &ntk.Model{Weights: start.Weights, LoRA: start.LoRA}, start.Head, set.Texts, nil, ntk.Options{Backend: openBackend(t), Float64: true})
	require.NoError(t, err)
	k.Labels = set.Labels
	path, err := dynamics.Whole(&k.NTK).Descend(t.Context(), Batches(recipe, len(set.Texts)), recipe.Clip)
	require.NoError(t, err)
	return path
}

// Gradient descent as it is run here, with its batches, decay and clipping, is what the kernel predicts as the rate goes
// to 0: the error falls as the rate's square, of FT and of LoRA.
func TestGradientDescentFollowsTheKernel(t *testing.T) {
	f := fewRows(t)
	for name, rates := range map[string][]float64{"FT": {0.02, 0.01, 0.005}, "LoRA": {0.04, 0.02, 0.01}} {
		t.Run(name, func(t *testing.T) {
			w := smallModel(t)
			start := Start{Weights: w, Head: f.head()}
			if name == "LoRA" {
				start.LoRA = f.lora(t, w.Config)
			}
			var x, y []float64
			for _, rate := range rates {
				recipe := descending(f, rate)
				real, path := trace(t, start, f, recipe), follow(t, start, f, recipe)
				last := len(real) - 1
				require.Less(t, dynamics.Distance(real[0], path.Train[0]), 1e-5)
				require.Less(t, dynamics.RelativeError(real[last], path.Train[last], path.Train[0]), 0.3)
				x, y = append(x, math.Log(rate)), append(y, math.Log(dynamics.Distance(real[last], path.Train[last])))
			}
			_, slope := stat.LinearRegression(x, y, nil, false)
			require.InDelta(t, 2, slope, 0.15)
		})
	}
}

// The two optimisers differ, and a run that is watched takes the steps of any other.
func TestWatchingChangesNothing(t *testing.T) {
	f := fewRows(t)
	data := Data{Train: f.set(), Val: f.set()}
	start := Start{Weights: smallModel(t), Head: f.head()}
	recipe := descending(f, 1e-3)
	scored := 0.0
	rising := func([]float64, []int, int) (float64, error) { scored++; return scored, nil } // the last epoch is the best
	run := func(o stage.Optimiser) *Result {
		recipe.Optimiser = o
		r, err := Run(t.Context(), openBackend(t), start, data, recipe, Hooks{Score: rising})
		require.NoError(t, err)
		return r
	}
	adam, plain := run(stage.Adam), run(stage.SGD)
	require.NotEqual(t, plain.Course.Steps[1].Loss, adam.Course.Steps[1].Loss)

	var last *encoder.Weights
	require.NoError(t, Watch(t.Context(), openBackend(t), start, data, recipe, func(ctx context.Context, m *Moment) (err error) {
		if m.Step > 0 {
			require.Equal(t, plain.Course.Steps[m.Step-1].Loss, m.Loss)
		}
		last, _, _, err = m.Model()
		return err
	}))
	require.Equal(t, recipe.Epochs, plain.Epoch)
	require.Equal(t, plain.Weights.Tensors, last.Tensors)
}

func TestWatchRefuses(t *testing.T) {
	f := fewRows(t)
	start, data := Start{Weights: smallModel(t), Head: f.head()}, Data{Train: f.set(), Val: f.set()}
	see := func(context.Context, *Moment) error { return errors.New("seen enough") }
	err := Watch(t.Context(), openBackend(t), start, data, descending(f, 1e-3), see)
	require.ErrorContains(t, err, "seen enough")
	stopped, stop := context.WithCancel(t.Context())
	err = Watch(stopped, openBackend(t), start, data, descending(f, 1e-3), func(context.Context, *Moment) error { stop(); return nil })
	require.ErrorIs(t, err, context.Canceled)
	recipe := descending(f, 1e-3)
	recipe.Optimiser = "momentum"
	err = Watch(t.Context(), openBackend(t), start, data, recipe, see)
	require.ErrorContains(t, err, `optimiser is "momentum"`)
}
