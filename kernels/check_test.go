package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	require.NoError(t, gramKernel(5, 3, 4, 1).Check())

	k := gramKernel(5, 2, 4, 1)
	k.Data[1*10+7] += 0.01 // [0, 1, 3, 1]
	require.ErrorContains(t, k.Check(), "entry [0, 1, 3, 1]")

	k = gramKernel(5, 2, 4, 1)
	for i := range 10 {
		k.Data[i*11] -= 0.01
	}
	require.ErrorContains(t, k.Check(), "smallest eigenvalue -0.01")

	k = gramKernel(5, 2, 4, 1)
	k.Data[3*10+5] = math.Inf(1)
	require.ErrorContains(t, k.Check(), "entry [1, 1, 2, 1] is +Inf")

	require.ErrorContains(t, New(1, 2, 2).Check(), "M = 1 rows and N = 2 columns")
	require.ErrorContains(t, (&Kernel{M: 2, C: 2, N: 2, Data: make([]float64, 15)}).Check(), "15 entries")
}

func TestCheckPretrainEffective(t *testing.T) {
	x, y := randomMatrix(5, 3, 1), randomMatrix(4, 3, 2)
	p, err := PretrainEffective(y, x, 3)
	require.NoError(t, err)
	require.NoError(t, p.CheckPretrainEffective())
	p.Data[((2*3+1)*5+4)*3+2] = 0.1
	require.ErrorContains(t, p.CheckPretrainEffective(), "entry [2, 1, 4, 2] of P is 0.1, expected 0")
	require.ErrorContains(t, gramKernel(3, 2, 6, 1).CheckPretrainEffective(), "multiple of the identity")
}
