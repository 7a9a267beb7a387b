package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Centring the gradients and centring their kernel are the same.
func TestCentred(t *testing.T) {
	const n, classes, size = 7, 3, 11
	j := randomMatrix(n*classes, size, 1)
	gram := func() *Kernel {
		k := New(n, classes, n)
		k.Matrix().Mul(j, j.T())
		return k
	}
	got, err := gram().Centred()
	require.NoError(t, err)
	for c := range classes {
		for p := range size {
			mean := 0.0
			for i := range n {
				mean += j.At(i*classes+c, p) / n
			}
			for i := range n {
				j.Set(i*classes+c, p, j.At(i*classes+c, p)-mean)
			}
		}
	}
	require.InDeltaSlice(t, gram().Data, got.Data, 1e-12)
	again, err := got.Centred()
	require.NoError(t, err)
	require.InDeltaSlice(t, got.Data, again.Data, 1e-12)
	_, err = New(2, 1, 3).Centred()
	require.ErrorContains(t, err, "needs a training kernel")
}

// Of linear kernels CKA is ‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖) of the centred features.
func TestCKAOfLinearKernels(t *testing.T) {
	const n = 9
	x, y := randomMatrix(n, 4, 1), randomMatrix(n, 6, 2)
	kernel := func(m *mat.Dense) *Kernel {
		k := New(n, 1, n)
		k.Matrix().Mul(m, m.T())
		return k
	}
	a, b := kernel(x), kernel(y)
	plain, err := Alignment(a, b)
	require.NoError(t, err)
	require.InEpsilon(t, ratioOfProducts(x, y), plain, 1e-12)
	got, err := CKA(a, b)
	require.NoError(t, err)
	centre(x)
	centre(y)
	require.InEpsilon(t, ratioOfProducts(x, y), got, 1e-12)
	one, err := CKA(a, a.Plus(a))
	require.NoError(t, err)
	require.InEpsilon(t, 1, one, 1e-12)
	_, err = Alignment(a, New(n, 1, n))
	require.ErrorContains(t, err, "kernel of zeros")
	_, err = Alignment(a, New(n, 2, n))
	require.ErrorContains(t, err, "expected the same rows")
}

func ratioOfProducts(x, y *mat.Dense) float64 {
	var yx, xx, yy mat.Dense
	yx.Mul(y.T(), x)
	xx.Mul(x.T(), x)
	yy.Mul(y.T(), y)
	return mat.Norm(&yx, 2) * mat.Norm(&yx, 2) / (mat.Norm(&xx, 2) * mat.Norm(&yy, 2))
}

func centre(m *mat.Dense) {
	n, width := m.Dims()
	for q := range width {
		mean := mat.Sum(m.ColView(q)) / float64(n)
		for i := range n {
			m.Set(i, q, m.At(i, q)-mean)
		}
	}
}

// A permuted kernel is the kernel of the permuted rows; what is no order of all rows is refused.
func TestPermuted(t *testing.T) {
	k := gramKernel(4, 2, 6, 3)
	order := []int{2, 0, 3, 1}
	p, err := k.Permuted(order)
	require.NoError(t, err)
	for i, row := range order {
		for j, column := range order {
			for c := range 2 {
				for d := range 2 {
					require.Equal(t, k.At(row, c, column, d), p.At(i, c, j, d))
				}
			}
		}
	}
	for _, wrong := range [][]int{{0, 1, 2}, {0, 1, 2, 2}, {1, 2, 3, 4}, nil} {
		_, err := k.Permuted(wrong)
		require.ErrorContains(t, err, "expected every row from 0 to 3 once")
	}
}
