package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

func TestResiduals(t *testing.T) {
	logits := mat.NewDense(2, 3, []float64{1, 2, 3, 1000, 0, -1000})
	delta, err := Residuals(logits, []int{2, 1})
	require.NoError(t, err)
	z := math.E + math.Exp(2) + math.Exp(3)
	require.InDeltaSlice(t, []float64{-math.E / z, -math.Exp(2) / z, 1 - math.Exp(3)/z}, delta.RawRowView(0), 1e-12)
	require.InDeltaSlice(t, []float64{-1, 1, 0}, delta.RawRowView(1), 1e-12)
	_, err = Residuals(logits, []int{0})
	require.ErrorContains(t, err, "1 labels for 2 rows")
	_, err = Residuals(logits, []int{0, 3})
	require.ErrorContains(t, err, "label 3 of row 1")
	logits.Set(1, 0, math.NaN())
	_, err = Residuals(logits, []int{0, 0})
	require.ErrorContains(t, err, "logits of row 1")
}

func TestFTRatio(t *testing.T) {
	p, f := gramKernel(6, 2, 5, 3), gramKernel(6, 2, 9, 4)
	delta := randomMatrix(6, 2, 5)
	got, err := FTRatio(p, f, delta)
	require.NoError(t, err)
	want := 0.0
	for j := range 6 {
		part, whole := make([]float64, 2), make([]float64, 2)
		for i := range 6 {
			for c := range 2 {
				for d := range 2 {
					part[c] += f.At(j, c, i, d) * delta.At(i, d)
					whole[c] += (p.At(j, c, i, d) + f.At(j, c, i, d)) * delta.At(i, d)
				}
			}
		}
		want += math.Hypot(part[0], part[1]) / math.Hypot(whole[0], whole[1]) / 6
	}
	require.InEpsilon(t, want, got, 1e-12)

	scaled := func(k *Kernel, s float64) *Kernel {
		out := &Kernel{M: k.N, C: k.C, N: k.M, Data: append([]float64(nil), k.Data...)}
		floats.Scale(s, out.Data)
		return out
	}
	for s, want := range map[float64]float64{1: 0.5, 1. / 3: 0.75, 0: 1, -0.5: 2} { // P = s·F: 1/(1 + s), beyond 1 if they cancel
		ratio, err := FTRatio(scaled(f, s), f, delta)
		require.NoError(t, err)
		require.InEpsilon(t, want, ratio, 1e-12)
	}
}

func TestFTRatioNamesTheRowThatDoesNotMove(t *testing.T) {
	p, f := gramKernel(3, 2, 6, 3), gramKernel(3, 2, 6, 4)
	_, err := FTRatio(p, f, mat.NewDense(3, 2, nil))
	require.ErrorContains(t, err, "row 0 is 0/0")
	for _, k := range []*Kernel{p, f} { // row 1 sees nobody
		for c := range 2 {
			clear(k.Data[(2+c)*6 : (3+c)*6])
		}
	}
	_, err = FTRatio(p, f, randomMatrix(3, 2, 1))
	require.ErrorContains(t, err, "row 1 is 0/0")
	_, err = FTRatio(p, f, randomMatrix(4, 2, 1))
	require.ErrorContains(t, err, "residuals [4, 2]")
	_, err = FTRatio(p, gramKernel(4, 2, 6, 4), randomMatrix(4, 2, 1))
	require.ErrorContains(t, err, "expected the same rows and classes")
}
