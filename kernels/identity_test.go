package kernels

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/probe"
)

// At LP's optimum Σ_i δ_i φ_iᵀ = V/κ and Σ_i δ_i = 0, so that Σ_i P(x, x_i) δ_i = Vφ(x)/κ for every x (docs/protocol.md,
// Linear probing): one test for P, δ and the solver. It is why FT Ratio is near 1 after LP on the same rows.
func TestIdentityOfHeadAndStrength(t *testing.T) {
	for _, classes := range []int{2, 3} {
		r := rand.New(rand.NewPCG(9, uint64(classes)))
		x, other, labels := randomMatrix(60, 7, 1), randomMatrix(11, 7, 2), make([]int, 60)
		for i := range labels { // the label follows the first feature, with noise
			labels[i] = min(classes-1, max(0, int(x.At(i, 0)+r.NormFloat64()+float64(classes)/2)))
		}
		fitted, err := probe.Fit(context.Background(), x, labels, classes, probe.Options{})
		require.NoError(t, err)
		delta, err := Residuals(fitted.Head.Logits(x), labels)
		require.NoError(t, err)
		p, err := PretrainEffective(other, x, classes)
		require.NoError(t, err)
		left, err := p.Times(delta)
		require.NoError(t, err)
		var right mat.Dense
		right.Mul(other, fitted.Head.V.T())
		right.Scale(1/fitted.Kappa, &right)
		left.Sub(left, &right)
		require.Less(t, mat.Norm(left, 2)/mat.Norm(&right, 2), 1e-6, "κ = %g", fitted.Kappa)

		halved, err := probe.Fit(context.Background(), x, labels, classes, probe.Options{PaperCompatible: true})
		require.NoError(t, err)
		if classes == 2 { // the published code's head is not the optimum
			delta, err = Residuals(halved.Head.Logits(x), labels)
			require.NoError(t, err)
			left, err = p.Times(delta)
			require.NoError(t, err)
			left.Sub(left, &right)
			require.Greater(t, mat.Norm(left, 2)/mat.Norm(&right, 2), 0.1)
		}
	}
}
