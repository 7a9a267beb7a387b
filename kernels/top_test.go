package kernels

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// decaying is a kernel whose k-th eigenvalue is near 1/k² of the largest: full rank, as F is.
func decaying(n, classes int, seed uint64) *Kernel {
	j := randomMatrix(n*classes, n*classes, seed)
	for i := range n * classes {
		row := j.RawRowView(i)
		for q := range row {
			row[q] /= float64(q + 1)
		}
	}
	k := New(n, classes, n)
	k.Matrix().Mul(j, j.T())
	return k
}

// The largest eigenpairs are EigenSym's, of full rank, low rank, and with every eigenvalue three times.
func TestTopIsTheUpperEnd(t *testing.T) {
	x := randomMatrix(40, 6, 3)
	p, err := PretrainEffective(x, x, 3)
	require.NoError(t, err)
	for name, k := range map[string]*Kernel{"decaying": decaying(60, 3, 1), "low rank": gramKernel(50, 2, 7, 2), "P": p} {
		want, err := SingularValues(k)
		require.NoError(t, err)
		for _, count := range []int{1, 5, 21, 0} {
			top, err := Top(context.Background(), k, TopOptions{K: count, Above: 1e-10})
			require.NoError(t, err)
			above := want.Above(1e-10)
			if count > 0 {
				above = min(above, count)
			}
			require.Len(t, top.Values, above, "%s, %d", name, count)
			require.InDeltaSlice(t, want[:above], top.Values, 1e-9*want[0], "%s, %d", name, count)
			requireEigenpairs(t, k, top)
		}
	}
}

// requireEigenpairs wants orthonormal vectors with K u = λ u.
func requireEigenpairs(t *testing.T, k *Kernel, e *Eigen) {
	t.Helper()
	var gram, left mat.Dense
	gram.Mul(e.Vectors, e.Vectors.T())
	left.Mul(e.Vectors, k.Matrix())
	for i, value := range e.Values {
		for j := range e.Values {
			want := 0.0
			if i == j {
				want = 1
			}
			require.InDelta(t, want, gram.At(i, j), 1e-10)
		}
		sum := 0.0
		for q := range k.Size() {
			d := left.At(i, q) - value*e.Vectors.At(i, q)
			sum += d * d
		}
		require.LessOrEqual(t, math.Sqrt(sum), 2e-8*e.Values[0])
	}
}

// With the threshold of a rank the number of eigenpairs is that rank, in few products.
func TestTopCountsARank(t *testing.T) {
	k := decaying(150, 2, 4)
	s, err := SingularValues(k)
	require.NoError(t, err)
	top, err := Top(context.Background(), k, TopOptions{Above: 1e-3})
	require.NoError(t, err)
	require.Len(t, top.Values, s.Above(1e-3))
	require.Less(t, top.Products, 200)
}

func TestTopRefuses(t *testing.T) {
	ctx := context.Background()
	_, err := Top(ctx, gramKernel(3, 2, 4, 1), TopOptions{K: -1})
	require.ErrorContains(t, err, "-1 eigenpairs")
	_, err = Top(ctx, New(1, 2, 3), TopOptions{K: 1})
	require.ErrorContains(t, err, "is it a training kernel?")
	k := gramKernel(3, 2, 4, 1)
	k.Data[5] = math.NaN()
	_, err = Top(ctx, k, TopOptions{K: 1})
	require.ErrorContains(t, err, "not finite")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = Top(cancelled, gramKernel(3, 2, 4, 1), TopOptions{K: 1})
	require.ErrorIs(t, err, context.Canceled)
	zero, err := Top(ctx, New(3, 2, 3), TopOptions{K: 2})
	require.NoError(t, err)
	require.Empty(t, zero.Values)
}

// BenchmarkTop is 100 eigenpairs of a stored kernel.
func BenchmarkTop(b *testing.B) {
	for _, n := range []int{2000, 5000, 10000} {
		k := decayingFast(n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				top, err := Top(context.Background(), k, TopOptions{K: 100})
				require.NoError(b, err)
				b.ReportMetric(float64(top.Products), "products")
			}
		})
	}
}

// decayingFast is a kernel with eigenvalues near 1/k² down to the 400th, that takes seconds to make.
func decayingFast(n int) *Kernel {
	const rank = 400
	j := randomMatrix(n, rank, 1)
	for i := range n {
		row := j.RawRowView(i)
		for q := range row {
			row[q] /= float64(q + 1)
		}
	}
	k := New(n, 1, n)
	k.Matrix().Mul(j, j.T())
	return k
}
