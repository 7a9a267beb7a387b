package dynamics_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"lpft/kernels"
	"lpft/kernels/dynamics"
	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// small is a Transformer of two layers in float64 with a few rows.
type small struct {
	weights     *encoder.Weights
	head        *head.Head
	train, test []encoder.Encoding
	labels      []int
	opt         ntk.Options
}

func newSmall(t *testing.T) *small {
	t.Helper()
	const dir = "../../lpftlib/encoder/testdata/roberta-2"
	cfg, err := encoder.ReadConfig(dir)
	require.NoError(t, err)
	s := &small{labels: []int{0, 2, 1, 1}}
	s.weights, err = encoder.LoadWeights(dir, cfg)
	require.NoError(t, err)
	be, err := backend.Open("")
	require.NoError(t, err)
	s.opt = ntk.Options{Backend: be, Float64: true, Programs: ntk.NewPrograms(be)}
	t.Cleanup(s.opt.Programs.Close)
	s.head = head.Random(3, cfg.Hidden, 0.3, 1)
	text := func(ids ...int32) encoder.Encoding {
		return encoder.Encoding{IDs: ids, TypeIDs: make([]int32, len(ids))}
	}
	s.train = []encoder.Encoding{text(0, 9, 12, 7, 2), text(0, 15, 11, 2), text(0, 20, 8, 7, 13, 2), text(0, 10, 2)}
	s.test = []encoder.Encoding{text(0, 9, 14, 2), text(0, 21, 7, 7, 2)}
	return s
}

// step takes a real step on a mini-batch: every parameter moves by rate times the mean of Σ_c δ_c ∂f_c(x)/∂θ.
func (s *small) step(t *testing.T, step dynamics.Step) {
	t.Helper()
	model := &ntk.Model{Weights: s.weights}
	var rows []encoder.Encoding
	var labels []int
	for _, i := range step.Rows {
		rows, labels = append(rows, s.train[i]), append(labels, s.labels[i])
	}
	phi, logits, err := ntk.Evaluate(context.Background(), model, s.head, rows, s.opt)
	require.NoError(t, err)
	delta, err := kernels.Residuals(logits, labels)
	require.NoError(t, err)
	delta.Scale(step.Rate/float64(len(rows)), delta)
	moved := s.weights.Clone()
	for _, group := range ntk.Groups(model) {
		b, err := ntk.Jacobian(context.Background(), model, s.head, group, rows, s.opt)
		require.NoError(t, err)
		move(moved, b, delta)
	}
	for i := range rows {
		for c, d := range delta.RawRowView(i) {
			s.head.B[c] += d
			floats.AddScaled(s.head.V.RawRowView(c), d, phi.RawRowView(i))
		}
	}
	s.weights = moved
}

// move adds Σ_ic δ_ic J_ic to a group's tensors.
func move(w *encoder.Weights, b *ntk.Block, delta *mat.Dense) {
	change := make([]float64, b.P)
	for i := range b.N {
		for c := range b.C {
			floats.AddScaled(change, delta.At(i, c), b.Data[(i*b.C+c)*b.P:][:b.P])
		}
	}
	for _, column := range b.Columns {
		size, width := 1, column.Shape[len(column.Shape)-1]
		for _, d := range column.Shape {
			size *= d
		}
		for q := range size {
			to := q
			if column.Rows != nil {
				to = int(column.Rows[q/width])*width + q%width
			}
			w.Tensors[column.Tensor][to] += float32(change[column.Offset+q])
		}
	}
}

// On a Transformer the prediction's error falls as the square of the rate, over several steps on mini-batches.
func TestSmallStepsOfATransformerFollowTheKernel(t *testing.T) {
	var x, train, test []float64
	for _, rate := range []float64{2e-3, 1e-3, 5e-4} {
		s := newSmall(t)
		k, err := ntk.Compute(t.Context(), &ntk.Model{Weights: s.weights}, s.head, s.train, s.test, s.opt)
		require.NoError(t, err)
		k.Labels = s.labels
		steps := []dynamics.Step{{Rows: []int{2, 0}, Rate: rate}, {Rows: []int{3, 1}, Rate: rate}, {Rows: []int{1, 2}, Rate: rate / 2}}
		path, err := dynamics.Whole(&k.NTK).Descend(t.Context(), steps, 0)
		require.NoError(t, err)
		for _, step := range steps {
			s.step(t, step)
		}
		logits := func(rows []encoder.Encoding) *mat.Dense {
			_, f, err := ntk.Evaluate(t.Context(), &ntk.Model{Weights: s.weights}, s.head, rows, s.opt)
			require.NoError(t, err)
			return f
		}
		f, g := logits(s.train), logits(s.test)
		require.Less(t, dynamics.RelativeError(f, path.Train[3], path.Train[0]), 0.2)
		x = append(x, math.Log(rate))
		train = append(train, math.Log(dynamics.Distance(f, path.Train[3])))
		test = append(test, math.Log(dynamics.Distance(g, path.Test[3])))
	}
	_, slope := stat.LinearRegression(x, train, nil, false)
	require.InDelta(t, 2, slope, 0.1, "training rows")
	_, slope = stat.LinearRegression(x, test, nil, false)
	require.InDelta(t, 2, slope, 0.1, "test rows")
}
