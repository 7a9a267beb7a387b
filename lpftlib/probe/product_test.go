package probe

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever kernels this build chose, they compute what the plain ones do: with odd numbers of rows, widths that are no
// whole number of vectors, and rows longer than the part in use.
func TestKernelsArePlainOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	random := func(rows, stride int) panel {
		p := panel{make([]float64, rows*stride), stride}
		for i := range p.data {
			p.data[i] = r.NormFloat64()
		}
		return p
	}
	for _, width := range []int{1, 3, 4, 7, 8, 13, 32, 45, 768} {
		for _, columns := range []int{tile, 2 * tile, 5 * tile} {
			for _, rows := range [][]int{{}, {2}, {0, 3}, {1, 2, 5}, {0, 1, 2, 3, 4, 5, 6}} {
				x, theta := random(7, width+5), random(columns, width+2)
				plain, got := panel{make([]float64, 7*columns), columns}, panel{make([]float64, 7*columns), columns}
				plainScores(plain, x, rows, theta, columns, width)
				scores(got, x, rows, theta, columns, width)
				require.InDeltaSlice(t, plain.data, got.data, 1e-11)

				start, factors := random(columns, width+1), random(7, columns)
				plain = panel{append([]float64(nil), start.data...), start.stride}
				plainSums(plain, factors, x, rows, columns, width)
				sums(start, factors, x, rows, columns, width)
				require.InDeltaSlice(t, plain.data, start.data, 1e-11)
			}
		}
	}
}
