package dynamics

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// written is a linearModel with its Jacobian written out.
type written struct{ *linearModel }

func (m written) jacobian(rows []int) *mat.Dense {
	var all mat.Dense
	all.Stack(m.train, m.test)
	if rows == nil {
		return &all
	}
	out := mat.NewDense(len(rows)*classes, parameters, nil)
	for k, row := range rows {
		out.Slice(k*classes, (k+1)*classes, 0, parameters).(*mat.Dense).Copy(all.Slice(row*classes, (row+1)*classes, 0, parameters))
	}
	return out
}

func (m written) Logits() *mat.Dense {
	var f mat.Dense
	f.Stack(m.f0, m.f0Test)
	return &f
}

func (m written) Parameters() int { return parameters }

func (m written) JVP(_ context.Context, rows []int, move []float64) (*mat.Dense, error) {
	var out mat.VecDense
	out.MulVec(m.jacobian(rows), mat.NewVecDense(parameters, move))
	return mat.NewDense(out.Len()/classes, classes, out.RawVector().Data), nil
}

func (m written) VJP(_ context.Context, rows []int, weights *mat.Dense) ([]float64, error) {
	w := mat.DenseCopyOf(weights).RawMatrix().Data
	var out mat.VecDense
	out.MulVec(m.jacobian(rows).T(), mat.NewVecDense(len(w), w))
	return out.RawVector().Data, nil
}

// Where ε is far larger than any gradient and the moments forget at once, Adam's step is gradient descent's divided by ε: what the
// kernel predicts, clipping included.
func TestAdamWithALargeEpsilonIsGradientDescent(t *testing.T) {
	const epsilon = 1e12
	m := written{newLinearModel(3)}
	steps := batches(5, 0.1)
	for _, clip := range []float64{0, 0.5} {
		want, err := m.problem().Descend(t.Context(), steps, clip)
		require.NoError(t, err)
		scaled := make([]Step, len(steps))
		for i, step := range steps {
			scaled[i] = Step{step.Rows, epsilon * step.Rate}
		}
		got, err := Adam{Epsilon: epsilon}.Train(t.Context(), m, m.labels, scaled, clip, []int{1, len(steps)})
		require.NoError(t, err)
		require.Equal(t, []float64{0, 1, float64(len(steps))}, got.At)
		for k, n := range []int{0, 1, len(steps)} {
			require.Less(t, Distance(want.Train[n], got.Train[k]), 1e-9)
			require.Less(t, Distance(want.Test[n], got.Test[k]), 1e-9)
		}
		require.Greater(t, Distance(got.Train[2], m.f0), 0.05)
	}
}

// What is recorded changes nothing, and saves the next mini-batch's evaluation.
func TestAdamEvaluatesOnce(t *testing.T) {
	m := written{newLinearModel(3)}
	steps := []Step{{[]int{0, 3}, 0.1}, {[]int{1, 2}, 0.1}, {[]int{0, 1}, 0.05}}
	train := func(record ...int) (last *mat.Dense, evaluations int) {
		counted := &counted{Tangent: m}
		path, err := Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}.Train(t.Context(), counted, m.labels, steps, 0, record)
		require.NoError(t, err)
		return path.Train[len(path.Train)-1], counted.evaluations
	}
	want, evaluations := train(3)
	require.Equal(t, 3, evaluations, "two mini-batches, for the first one stands at the start, and the end")
	got, evaluations := train(1, 2, 3)
	require.Equal(t, 3, evaluations)
	require.Less(t, Distance(want, got), 1e-12)
	require.Greater(t, Distance(want, m.f0), 0.05)
}

// counted counts the evaluations of a model.
type counted struct {
	Tangent
	evaluations int
}

func (c *counted) JVP(ctx context.Context, rows []int, move []float64) (*mat.Dense, error) {
	c.evaluations++
	return c.Tangent.JVP(ctx, rows, move)
}

// The first step moves every parameter by the rate, against the sign of its gradient.
func TestAdamsFirstStepIsASign(t *testing.T) {
	s := Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}.start(3, nil)
	s.take([]float64{4, -0.002, 0}, 1, 0.1)
	require.InDeltaSlice(t, []float64{-0.1, 0.1, 0}, s.move, 1e-6)
}

func TestAdamRefuses(t *testing.T) {
	m := written{newLinearModel(3)}
	good := []Step{{[]int{0}, 0.1}}
	for what, try := range map[string]func() error{
		"labels for": func() error {
			_, err := Adam{}.Train(t.Context(), m, make([]int, rows+testRows+1), good, 0, nil)
			return err
		},
		"0 labels":   func() error { _, err := Adam{}.Train(t.Context(), m, nil, good, 0, nil); return err },
		"clip is -1": func() error { _, err := Adam{}.Train(t.Context(), m, m.labels, good, -1, nil); return err },
		"row 7": func() error {
			_, err := Adam{}.Train(t.Context(), m, m.labels, []Step{{[]int{rows}, 0.1}}, 0, nil)
			return err
		},
		"0 rows with": func() error { _, err := Adam{}.Train(t.Context(), m, m.labels, []Step{{nil, 0.1}}, 0, nil); return err },
	} {
		require.ErrorContains(t, try(), what)
	}
}
