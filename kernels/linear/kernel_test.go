package linear

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// P, F and Θ^φ are the Gram matrices of the gradients for V, for B, and of φ for B (Definition 1).
func TestKernelsAgainstDifferentiation(t *testing.T) {
	m, x, _, test := setting(1)
	on := func(rows *mat.Dense) func() *mat.Dense { return func() *mat.Dense { return m.Logits(rows) } }
	requireKernel(t, jacobian(on(test), m.V), jacobian(on(x), m.V), m.PretrainEffective(test, x))
	requireKernel(t, jacobian(on(test), m.B), jacobian(on(x), m.B), m.FTEffective(test, x))
	features := func(rows *mat.Dense) func() *mat.Dense { return func() *mat.Dense { return m.Features(rows) } }
	requireKernel(t, jacobian(features(test), m.B), jacobian(features(x), m.B), m.FeatureKernel(test, x))
	require.NoError(t, m.PretrainEffective(x, x).CheckPretrainEffective())
	require.NoError(t, m.FTEffective(x, x).Check())
}

// F scales as ‖V‖², P does not move.
func TestScaleOfHead(t *testing.T) {
	m, x, _, _ := setting(2)
	p, f := m.PretrainEffective(x, x), m.FTEffective(x, x)
	m.V.Scale(7, m.V)
	require.Equal(t, p, m.PretrainEffective(x, x))
	require.InEpsilon(t, 49*f.FrobeniusNorm(), m.FTEffective(x, x).FrobeniusNorm(), 1e-12)
}
