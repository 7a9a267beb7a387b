package dynamics

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// linearModel is f(x) = f0(x) + J(x) θ with θ = 0 at the start: its kernel J Jᵀ never changes.
type linearModel struct {
	train, test *mat.Dense // J [rows·C, p]
	f0, f0Test  *mat.Dense
	labels      []int
}

const rows, testRows, classes, parameters = 7, 4, 3, 25

func newLinearModel(seed uint64) *linearModel {
	r := rand.New(rand.NewPCG(seed, 1))
	normal := func(n, m int) *mat.Dense {
		d := mat.NewDense(n, m, nil)
		d.Apply(func(int, int, float64) float64 { return r.NormFloat64() }, d)
		return d
	}
	m := &linearModel{normal(rows*classes, parameters), normal(testRows*classes, parameters), normal(rows, classes), normal(testRows, classes), nil}
	for i := range rows {
		m.labels = append(m.labels, i%classes)
	}
	return m
}

// problem is the model's kernel and start.
func (m *linearModel) problem() *Problem {
	train, test := kernels.New(rows, classes, rows), kernels.New(testRows, classes, rows)
	train.Matrix().Mul(m.train, m.train.T())
	test.Matrix().Mul(m.test, m.train.T())
	return &Problem{Train: train, Test: test, Logits: m.f0, LogitsTest: m.f0Test, Labels: m.labels}
}

func logits(f0, j *mat.Dense, theta []float64) *mat.Dense {
	f := mat.DenseCopyOf(f0)
	var change mat.VecDense
	change.MulVec(j, mat.NewVecDense(parameters, theta))
	floats.Add(f.RawMatrix().Data, change.RawVector().Data)
	return f
}

// descend takes steps on the parameters, with the gradient written out.
func (m *linearModel) descend(steps []Step, clip float64) (train, test *mat.Dense, clipped int) {
	theta := make([]float64, parameters)
	for _, step := range steps {
		f, down := logits(m.f0, m.train, theta), make([]float64, parameters)
		for _, i := range step.Rows {
			z := 0.0
			for c := range classes {
				z += math.Exp(f.At(i, c))
			}
			for c := range classes {
				d := -math.Exp(f.At(i, c)) / z
				if c == m.labels[i] {
					d++
				}
				floats.AddScaled(down, d/float64(len(step.Rows)), m.train.RawRowView(i*classes+c))
			}
		}
		scale := step.Rate
		if norm := floats.Norm(down, 2); clip > 0 && norm > clip {
			scale, clipped = scale*clip/(norm+1e-6), clipped+1
		}
		floats.AddScaled(theta, scale, down)
	}
	return logits(m.f0, m.train, theta), logits(m.f0Test, m.test, theta), clipped
}

// batches are mini-batches in random order with falling rates, the last of an epoch short.
func batches(epochs int, rate float64) (steps []Step) {
	r := rand.New(rand.NewPCG(5, 5))
	for e := range epochs {
		order := r.Perm(rows)
		steps = append(steps, Step{order[:3], rate / float64(1+e)}, Step{order[3:6], rate / float64(1+e)}, Step{order[6:], rate / float64(1+e)})
	}
	return steps
}

// Of a model that is linear in its parameters the kernel's prediction is what training does, clipping included.
func TestDescendIsTrainingOfALinearModel(t *testing.T) {
	m, bites := newLinearModel(1), map[float64]int{}
	steps := batches(20, 0.1)
	for _, clip := range []float64{0, 0.5, 3} {
		path, err := m.problem().Descend(t.Context(), steps, clip)
		require.NoError(t, err)
		require.Len(t, path.Train, len(steps)+1)
		for _, n := range []int{1, 4, len(steps)} {
			train, test, clipped := m.descend(steps[:n], clip)
			require.Less(t, Distance(train, path.Train[n]), 1e-9)
			require.Less(t, Distance(test, path.Test[n]), 1e-9)
			require.Greater(t, Distance(train, m.f0), 0.05)
			if n == len(steps) {
				bites[clip] = clipped
			}
		}
		require.Equal(t, float64(len(steps)), path.At[len(steps)])
	}
	require.Zero(t, bites[0])
	require.True(t, 0 < bites[3] && bites[3] < bites[0.5], "%v", bites)
}

// Small steps with all rows differ from the flow in proportion to their length; two lengths extrapolate to it.
func TestFlowIsTheLimitOfSmallSteps(t *testing.T) {
	m := newLinearModel(2)
	all := make([]int, rows)
	for i := range all {
		all[i] = i
	}
	const end = 2.0
	after := func(n int) *mat.Dense {
		steps := make([]Step, n)
		for i := range steps {
			steps[i] = Step{all, end / float64(n)}
		}
		train, _, _ := m.descend(steps, 0)
		return train
	}
	flow, err := m.problem().Flow(t.Context(), []float64{0.5, end})
	require.NoError(t, err)
	coarse, fine := after(20_000), after(40_000)
	require.InEpsilon(t, 2, Distance(coarse, flow.Train[2])/Distance(fine, flow.Train[2]), 1e-2)
	var limit mat.Dense
	limit.Scale(2, fine)
	limit.Sub(&limit, coarse)
	require.Less(t, Distance(&limit, flow.Train[2]), 1e-6)
	require.Greater(t, Distance(flow.Train[2], m.f0), 0.5)

	direct, err := m.problem().Flow(t.Context(), []float64{end})
	require.NoError(t, err)
	require.Less(t, Distance(direct.Train[1], flow.Train[2]), 1e-7, "stopping on the way changes nothing")
	require.Less(t, Distance(direct.Test[1], flow.Test[2]), 1e-7)
}

// One row of two classes: with z = f_1 − f_0 and the kernel k·I, dz/dt = 2k/(1 + e^z), so that z + e^z grows by 2k a
// unit of time.
func TestFlowOfOneRowHasAClosedForm(t *testing.T) {
	k := kernels.New(1, 2, 1)
	k.Data = []float64{3, 0, 0, 3}
	p := &Problem{Train: k, Logits: mat.NewDense(1, 2, []float64{0.4, -0.2}), Labels: []int{1}}
	path, err := p.Flow(t.Context(), []float64{1, 50})
	require.NoError(t, err)
	require.Nil(t, path.Test)
	invariant := func(i int) float64 {
		z := path.Train[i].At(0, 1) - path.Train[i].At(0, 0)
		return z + math.Exp(z)
	}
	for i, time := range []float64{0, 1, 50} {
		require.InEpsilon(t, invariant(0)+6*time, invariant(i), 1e-7)
	}
}

// A training at another speed on the same way lies on the flow's path; one that leaves it does not.
func TestNearest(t *testing.T) {
	p := newLinearModel(3).problem()
	path, err := p.FlowTo(t.Context(), 0.01, 2)
	require.NoError(t, err)
	last := len(path.At) - 1
	require.GreaterOrEqual(t, Distance(path.Train[last], path.Train[0]), 2.0)
	require.Less(t, Distance(path.Train[1], path.Train[0]), 0.02)

	half, err := p.Flow(t.Context(), []float64{path.At[last] / 2})
	require.NoError(t, err)
	at, train, test := path.Nearest(half.Train[1])
	require.InEpsilon(t, path.At[last]/2, at, 1e-2)
	require.Less(t, RelativeError(half.Train[1], train, p.Logits), 1e-2)
	require.Less(t, RelativeError(half.Test[1], test, p.LogitsTest), 1e-2)

	at, train, _ = path.Nearest(p.Logits)
	require.Zero(t, at)
	require.True(t, math.IsNaN(RelativeError(p.Logits, train, p.Logits)), "nothing moved")

	var back mat.Dense
	back.Scale(2, p.Logits)
	back.Sub(&back, path.Train[1])
	at, train, _ = path.Nearest(&back)
	require.Zero(t, at, "what goes the other way is nearest to the start")
	require.InEpsilon(t, 1, RelativeError(&back, train, p.Logits), 1e-12)
}

// Where the flow comes to rest it ends, though it has not gone as far as asked.
func TestFlowEndsWhereItRests(t *testing.T) {
	m := newLinearModel(4)
	m.labels = []int{0, 1, 0, 1, 0, 1, 0}
	p := m.problem()
	k := kernels.New(rows, classes, rows) // all rows alike: the logits cannot tell them apart
	for i := range rows {
		for j := range rows {
			for c := range classes {
				k.Data[((i*classes+c)*rows+j)*classes+c] = 1
			}
		}
	}
	p.Train, p.Test, p.LogitsTest = k, nil, nil
	p.Logits = mat.NewDense(rows, classes, nil)
	path, err := p.FlowTo(t.Context(), 0.1, 50)
	require.NoError(t, err)
	require.Less(t, Distance(path.Train[len(path.Train)-1], p.Logits), 50.0)

	p.Train = kernels.New(rows, classes, rows)
	path, err = p.FlowTo(t.Context(), 0.1, 1)
	require.NoError(t, err)
	require.Len(t, path.At, 1, "a kernel of zeros moves nothing")
}

func TestBadProblems(t *testing.T) {
	ctx := t.Context()
	good := func() *Problem { return newLinearModel(1).problem() }
	all := []Step{{[]int{0}, 1}}
	for want, spoil := range map[string]func(*Problem){
		"expected a training kernel": func(p *Problem) { p.Train = p.Test },
		"6 labels":                   func(p *Problem) { p.Labels = p.Labels[1:] },
		"of the training rows":       func(p *Problem) { p.Logits = p.LogitsTest },
		"no logits of the test rows": func(p *Problem) { p.LogitsTest = nil },
		"beside a training kernel":   func(p *Problem) { p.Test = kernels.New(testRows, classes, rows+1) },
	} {
		p := good()
		spoil(p)
		_, err := p.Descend(ctx, all, 0)
		require.ErrorContains(t, err, want)
		_, err = p.Flow(ctx, []float64{1})
		require.ErrorContains(t, err, want)
	}
	_, err := good().Descend(ctx, []Step{{[]int{rows}, 1}}, 0)
	require.ErrorContains(t, err, "step 1 of 1: row 7: expected 0 … 6")
	_, err = good().Descend(ctx, []Step{{nil, 1}}, 0)
	require.ErrorContains(t, err, "at least one row")
	_, err = good().Descend(ctx, all, math.NaN())
	require.ErrorContains(t, err, "clip is NaN")
	_, err = good().Flow(ctx, []float64{1, 1})
	require.ErrorContains(t, err, "increasing")
	_, err = good().FlowTo(ctx, 2, 1)
	require.ErrorContains(t, err, "in this order")
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err = good().Flow(ctx, []float64{1})
	require.ErrorIs(t, err, context.Canceled)
}
