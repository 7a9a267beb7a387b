package ntk

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// The block of every group holds the gradients themselves, column by column.
func TestJacobianHoldsTheGradients(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "roberta-2")
	m := &Model{Weights: w, LoRA: randomLoRA(t, w.Config, w.Config.QueryValue(), 2, 3, false)}
	texts, head := randomTexts(w.Config, []int{6, 11, 2}, 3), randomHead(2, w.Config.Hidden, 3)
	var want []map[string][][]float64
	for _, text := range texts {
		_, j := bruteJacobian(t, m, head, text)
		want = append(want, j)
	}
	seen := 0
	for _, group := range m.Describe().groups(true) {
		b, err := Jacobian(context.Background(), m, head, group, texts, Options{Backend: be, Float64: true})
		require.NoError(t, err)
		for _, column := range b.Columns {
			seen++
			require.Equal(t, group, groupOf(column.Tensor))
			for i := range texts {
				for c := range 2 {
					got := b.Data[(i*2+c)*b.P+column.Offset:][:product(column.Shape)]
					if strings.HasSuffix(column.Tensor, "key.bias") { // softmax does not see it: zero up to rounding
						require.LessOrEqual(t, largest(got), 1e-14, column.Tensor)
						continue
					}
					requireRelative(t, pickRows(want[i][column.Tensor][c], column, w.Config.Hidden), got, 1e-10, column.Tensor)
				}
			}
		}
	}
	require.Equal(t, len(w.Config.Specs())+len(m.LoRA.Specs()), seen, "every tensor must be in one group")
}

func largest(list []float64) float64 { return (&kernels.Kernel{Data: list}).MaxAbs() }

// pickRows takes a table's rows that the block has.
func pickRows(full []float64, c Column, hidden int) []float64 {
	if c.Rows == nil {
		return full
	}
	var out []float64
	for _, id := range c.Rows {
		out = append(out, full[int(id)*hidden:(int(id)+1)*hidden]...)
	}
	return out
}

// F = V Θ^φ Vᵀ, equation (3).
func TestFeatureKernelGivesF(t *testing.T) {
	be := openBackend(t)
	w := loadFixture(t, "bert-2")
	m, h := &Model{Weights: w}, w.Config.Hidden
	train, test := randomTexts(w.Config, []int{6, 11}, 3), randomTexts(w.Config, []int{4}, 4)
	head, opt := randomHead(3, h, 3), Options{Backend: be, Float64: true}
	phi, phiTest, err := FeatureKernel(context.Background(), m, train, test, opt)
	require.NoError(t, err)
	k, err := Compute(context.Background(), m, head, train, test, opt)
	require.NoError(t, err)
	requireRelative(t, k.F.Data, sandwich(phi, head).Data, 1e-10, "train")
	requireRelative(t, k.FTest.Data, sandwich(phiTest, head).Data, 1e-10, "test")

	big := &Model{Weights: &encoder.Weights{Config: &encoder.Config{Hidden: 384}}}
	_, _, err = FeatureKernel(context.Background(), big, train, nil, opt)
	require.ErrorContains(t, err, "small models")
}

// sandwich is V K Vᵀ block by block.
func sandwich(k *kernels.Kernel, head *head.Head) *kernels.Kernel {
	c, h := head.Classes(), k.C
	out := kernels.New(k.M, c, k.N)
	for i := range k.M {
		for j := range k.N {
			for a := range c {
				for b := range c {
					sum := 0.0
					for p := range h {
						for q := range h {
							sum += head.V.At(a, p) * k.At(i, p, j, q) * head.V.At(b, q)
						}
					}
					out.Data[((i*c+a)*k.N+j)*c+b] = sum
				}
			}
		}
	}
	return out
}
