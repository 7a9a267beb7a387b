package kernels

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// gonum's eigenvalues, for sizes on both sides of a panel and of what is worth a goroutine.
func TestEigenvaluesAreGonums(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 31, 32, 33, 64, 65, 101, 230, 523} {
		for name, rank := range map[string]int{"low rank": 1 + n/3, "full rank": 2 * n} {
			j := randomMatrix(n, rank, uint64(n))
			a := mat.NewSymDense(n, nil)
			a.SymOuterK(1, j)
			if name == "full rank" { // not definite either
				for i := range n {
					a.SetSym(i, i, a.At(i, i)-float64(rank))
				}
			}
			var want mat.EigenSym
			require.True(t, want.Factorize(a, false))
			got, err := eigenvalues(mat.DenseCopyOf(a))
			require.NoError(t, err)
			require.InDeltaSlice(t, want.Values(nil), got, 1e-14*float64(10+n)*floats.Norm(want.Values(nil), 2), "%s, n = %d", name, n)
		}
	}
}

// Diagonal and zero matrices have nothing to reflect.
func TestEigenvaluesOfDiagonals(t *testing.T) {
	a := mat.NewDense(40, 40, nil)
	got, err := eigenvalues(a)
	require.NoError(t, err)
	require.Equal(t, make([]float64, 40), got)
	for i := range 40 {
		a.Set(i, i, float64(39-i))
	}
	got, err = eigenvalues(a)
	require.NoError(t, err)
	require.Equal(t, floats.Span(make([]float64, 40), 0, 39), got)
}

// BenchmarkEigenvalues is the whole spectrum, beside gonum's.
func BenchmarkEigenvalues(b *testing.B) {
	for _, n := range []int{500, 1000, 2000, 5000, 10000} {
		k := gramKernel(n, 1, 100, 1)
		b.Run(fmt.Sprintf("n=%d/this", n), func(b *testing.B) {
			for b.Loop() {
				_, err := eigenvalues(mat.DenseCopyOf(k.Matrix()))
				require.NoError(b, err)
			}
		})
		b.Run(fmt.Sprintf("n=%d/gonum", n), func(b *testing.B) {
			for b.Loop() {
				var e mat.EigenSym
				require.True(b, e.Factorize(mat.NewSymDense(n, k.Data), false))
			}
		})
	}
}
