package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBlockNorms(t *testing.T) {
	// diag(3, −4) has trace norm 7, [[0, 2], [0, 0]] has 2.
	k := &Kernel{M: 1, C: 2, N: 2, Data: []float64{3, 0, 0, 2, 0, -4, 0, 0}}
	norms, err := BlockNorms(k)
	require.NoError(t, err)
	require.Len(t, norms, 1)
	require.InDeltaSlice(t, []float64{7, 2}, norms[0], 1e-12)
	// On the diagonal of a Gram matrix the blocks are positive: trace norm = trace.
	g := gramKernel(4, 3, 20, 7)
	norms, err = BlockNorms(g)
	require.NoError(t, err)
	for i := range 4 {
		require.InEpsilon(t, g.At(i, 0, i, 0)+g.At(i, 1, i, 1)+g.At(i, 2, i, 2), norms[i][i], 1e-12)
		require.InEpsilon(t, norms[0][i], norms[i][0], 1e-12)
	}
}

func TestGroupByClassKeepsOrder(t *testing.T) {
	o, err := groupByClass([]int{3, 0, 3, 1, 0, 0}, 4)
	require.NoError(t, err)
	require.Equal(t, Order{Rows: []int{1, 4, 5, 3, 0, 2}, Counts: []int{3, 1, 0, 2}}, o)
	_, err = groupByClass([]int{0, -1}, 2)
	require.ErrorContains(t, err, "label -1 of row 1")

	k := gramKernel(6, 4, 30, 8)
	m, err := GroupedBlockNorms(k, []int{3, 0, 3, 1, 0, 0})
	require.NoError(t, err)
	norms, err := BlockNorms(k)
	require.NoError(t, err)
	require.Equal(t, norms[4][0], m.Values[1][4])
	require.Equal(t, norms[1][3], m.Values[0][3])
}
