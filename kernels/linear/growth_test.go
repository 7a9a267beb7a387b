package linear

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// (7) and (8) against central differences in cos τ_k and ‖v_k‖.
func TestGrowthAgainstDifferentiation(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 0))
	v, b, phi := Normal(classes, h, 1, r), []float64{0.3, -0.1, 0.2}, Normal(1, h, 1, r).RawRowView(0)
	g := NewGeometry(v, b, phi)
	f := g.Logits()
	for k := range classes {
		require.InDelta(t, floats.Dot(v.RawRowView(k), phi)+b[k], f[k], 1e-12)
	}
	const step = 1e-5
	for y := range classes {
		numeric := func(parameters []float64) []float64 {
			out := make([]float64, classes)
			for k := range parameters {
				at := parameters[k]
				parameters[k] = at + step
				above := g.Loss(y)
				parameters[k] = at - step
				out[k] = (above - g.Loss(y)) / (2 * step)
				parameters[k] = at
			}
			return out
		}
		require.InDeltaSlice(t, numeric(g.Cosines), g.CosineGradient(y), 1e-8)
		require.InDeltaSlice(t, numeric(g.HeadNorms), g.NormGradient(y), 1e-8)
		for k, v := range g.CosineGradient(y) {
			require.Equal(t, k == y, v < 0)
		}
	}
}

// Once the features point the right way, every row of the head grows; and gradient descent does make them grow.
func TestHeadGrows(t *testing.T) {
	g := &Geometry{HeadNorms: []float64{1, 2, 1}, Cosines: []float64{0.8, -0.3, -0.1}, Bias: make([]float64, 3), FeatureNorm: 3}
	for _, v := range g.NormGradient(0) {
		require.Negative(t, v)
	}
	require.Positive(t, g.NormGradient(1)[0]) // but not for another label

	m := Random(classes, h, classes, 7)
	m.V.Scale(0.1, m.V)
	x, labels := mat.DenseCopyOf(identity(classes)), []int{0, 1, 2}
	before, course, err := m.Course(x, labels, x, 0.1, 200)
	require.NoError(t, err)
	require.Equal(t, floats.Norm(before.V.RawRowView(1), 2), course[200].HeadNorms[1])
	for i, y := range labels { // the hypothesis of the statement
		for k, cosine := range NewGeometry(before.V, make([]float64, classes), before.Features(x).RawRowView(i)).Cosines {
			require.Equal(t, k == y, cosine > 0)
		}
	}
	after, err := before.Step(x, labels, 0.01)
	require.NoError(t, err)
	for k := range classes {
		require.Greater(t, floats.Norm(after.V.RawRowView(k), 2), floats.Norm(before.V.RawRowView(k), 2))
	}
}
