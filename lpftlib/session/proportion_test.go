package session

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// randomKernel is J Jᵀ of n rows with C logits, with the same large mean in every row.
func randomKernel(rng *rand.Rand, n, c int, mean float64) *kernels.Kernel {
	j := mat.NewDense(n*c, 30, nil)
	for i := range n * c {
		for p := range 30 {
			j.Set(i, p, rng.NormFloat64()+mean)
		}
	}
	k := kernels.New(n, c, n)
	var gram mat.Dense
	gram.Mul(j, j.T())
	copy(k.Data, gram.RawMatrix().Data)
	return k
}

// Two kernels that share nothing but a mean fit each other well as they are, and not at all centred; a multiple
// fits either way, and better than the baselines.
func TestProportion(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	ft, other, pre := randomKernel(rng, 12, 2, 5), randomKernel(rng, 12, 2, 5), randomKernel(rng, 12, 2, 5)
	p, err := proportion(ft, other, pre, 1)
	require.NoError(t, err)
	require.Less(t, p.Residual, 0.3)
	require.Greater(t, p.Centred, 0.5)

	multiple := kernels.New(12, 2, 12)
	for i, v := range ft.Data {
		multiple.Data[i] = 0.01 * v
	}
	p, err = proportion(ft, multiple, pre, 1)
	require.NoError(t, err)
	require.InDelta(t, 0.01, p.Scalar, 1e-12)
	require.Less(t, p.Centred, 1e-9)
	require.Greater(t, p.CentredP, 0.5)
	require.Greater(t, p.CentredPermuted, 0.3)
}
