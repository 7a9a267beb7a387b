package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// P is the Gram matrix of the head's own gradients: for logit c, ∂f_c/∂V is φ in row c and
// ∂f_c/∂b is 1 at c.
func TestPretrainEffectiveIsTheHeadsGramMatrix(t *testing.T) {
	x := mat.NewDense(3, 2, []float64{1, 2, -1, 0.5, 0, 3})
	y := mat.NewDense(2, 2, []float64{0.5, -2, 4, 1})
	const classes = 3
	k, err := PretrainEffective(x, y, classes)
	require.NoError(t, err)
	gradient := func(phi []float64, c int) []float64 {
		g := make([]float64, classes*(len(phi)+1))
		copy(g[c*len(phi):], phi)
		g[classes*len(phi)+c] = 1
		return g
	}
	for i := range 3 {
		for c := range classes {
			for j := range 2 {
				for d := range classes {
					want := 0.0
					a, b := gradient(x.RawRowView(i), c), gradient(y.RawRowView(j), d)
					for p := range a {
						want += a[p] * b[p]
					}
					require.InDelta(t, want, k.At(i, c, j, d), 1e-12)
				}
			}
		}
	}
}

// ‖P‖_F = √C · ‖ΦΦᵀ + 1‖_F, which the paper's Table 2 can be checked with.
func TestFrobeniusNormOfP(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{1, 2})
	k, err := PretrainEffective(x, x, 2)
	require.NoError(t, err)
	require.InDelta(t, math.Sqrt2*math.Sqrt(2*2+3*3+3*3+5*5), k.FrobeniusNorm(), 1e-12)
}

func TestPretrainEffectiveRefusesOtherWidths(t *testing.T) {
	_, err := PretrainEffective(mat.NewDense(1, 2, nil), mat.NewDense(1, 3, nil), 2)
	require.ErrorContains(t, err, "2 and 3 columns")
	_, err = PretrainEffective(mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil), 0)
	require.ErrorContains(t, err, "0 classes")
}
