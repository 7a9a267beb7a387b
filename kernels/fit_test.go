package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
)

func TestFitScalar(t *testing.T) {
	ft := gramKernel(4, 2, 9, 1)
	lora := &Kernel{M: 4, C: 2, N: 4, Data: append([]float64(nil), ft.Data...)}
	floats.Scale(0.002, lora.Data)
	fit, err := FitScalar(ft, lora)
	require.NoError(t, err)
	require.InEpsilon(t, 0.002, fit.Scalar, 1e-12)
	require.Less(t, fit.Residual, 1e-14)

	one := func(v ...float64) *Kernel { return &Kernel{M: 1, C: 2, N: 1, Data: v} }
	fit, err = FitScalar(one(1, 0, 0, 0), one(0, 0, 0, 3))
	require.NoError(t, err)
	require.Equal(t, ScalarFit{0, 1}, fit)
	fit, err = FitScalar(one(1, 0, 0, 0), one(1, 0, 0, 1))
	require.NoError(t, err)
	require.InDelta(t, math.Sqrt(0.5), fit.Residual, 1e-12)
	_, err = FitScalar(one(0, 0, 0, 0), one(1, 0, 0, 1))
	require.ErrorContains(t, err, "kernel of zeros")
	_, err = FitScalar(ft, one(1, 0, 0, 1))
	require.ErrorContains(t, err, "expected the same rows")
}

func TestTraceShares(t *testing.T) {
	a, b := gramKernel(3, 2, 4, 1), gramKernel(3, 2, 40, 2)
	shares, err := TraceShares([]*Kernel{a, b})
	require.NoError(t, err)
	require.InDelta(t, 1, shares[0]+shares[1], 1e-12)
	require.InEpsilon(t, a.Matrix().Trace()/b.Matrix().Trace(), shares[0]/shares[1], 1e-12)
	_, err = TraceShares(nil)
	require.ErrorContains(t, err, "no parameter groups")
	_, err = TraceShares([]*Kernel{{M: 1, C: 1, N: 1, Data: []float64{0}}})
	require.ErrorContains(t, err, "is the head zero?")
}
