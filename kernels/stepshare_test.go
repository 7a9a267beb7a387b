package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Of two parts that pull at right angles each has its own square; one against the whole has a negative share.
func TestStepShares(t *testing.T) {
	part := func(a, b float64) *Kernel { return &Kernel{M: 1, C: 2, N: 1, Data: []float64{a, 0, 0, b}} }
	delta := mat.NewDense(1, 2, []float64{1, -1})
	shares, err := StepShares([]*Kernel{part(3, 0), part(0, 1)}, delta)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0.9, 0.1}, shares, 1e-12)
	shares, err = StepShares([]*Kernel{part(2, 0), part(-1, 0)}, delta)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{2, -1}, shares, 1e-12)

	_, err = StepShares([]*Kernel{part(1, 1)}, mat.NewDense(1, 2, nil))
	require.ErrorContains(t, err, "are all residuals zero?")
	_, err = StepShares([]*Kernel{part(1, 1), New(2, 2, 2)}, delta)
	require.ErrorContains(t, err, "part 1")
	_, err = StepShares(nil, delta)
	require.ErrorContains(t, err, "0 parts")
}
