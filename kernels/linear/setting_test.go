package linear

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

const (
	classes = 3
	h       = 5
	d       = 8
	n       = 6
)

// setting is a model, training rows that span 6 of 8 dimensions, their labels, and test rows.
func setting(seed uint64) (m *Model, x *mat.Dense, labels []int, test *mat.Dense) {
	r := rand.New(rand.NewPCG(seed, 1))
	labels = make([]int, n)
	for i := range labels {
		labels[i] = i % classes
	}
	return Random(classes, h, d, seed), Normal(n, d, 1, r), labels, Normal(4, d, 1, r)
}

// jacobian is ∂f_c(x_i)/∂θ [N·C, p] over the entries of the given matrices by central differences of step 1, which
// are exact to rounding: every logit is linear in each single entry.
func jacobian(logits func() *mat.Dense, parameters ...*mat.Dense) *mat.Dense {
	var columns []float64
	rows, count := 0, 0
	for _, p := range parameters {
		for i := range p.RawMatrix().Data {
			entry := &p.RawMatrix().Data[i]
			at := *entry
			*entry = at + 1
			above := logits()
			*entry = at - 1
			above.Sub(above, logits())
			*entry = at
			above.Scale(0.5, above)
			columns = append(columns, above.RawMatrix().Data...)
			rows = len(above.RawMatrix().Data)
			count++
		}
	}
	return mat.DenseCopyOf(mat.NewDense(count, rows, columns).T())
}

func requireKernel(t *testing.T, jx, jy *mat.Dense, k *kernels.Kernel) {
	t.Helper()
	want := times(jx, jy.T())
	require.InDeltaSlice(t, want.RawMatrix().Data, k.Data, 1e-11*mat.Norm(want, 2))
}
