package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestRelativeChange(t *testing.T) {
	k := New(2, 2, 2)
	for i := range k.Data {
		k.Data[i] = float64(i + 1)
	}
	twice := k.Plus(k)
	change, err := RelativeChange(twice, k)
	require.NoError(t, err)
	require.InEpsilon(t, 1, change, 1e-12)
	back, err := RelativeChange(k, twice)
	require.NoError(t, err)
	require.InEpsilon(t, 0.5, back, 1e-12)
	_, err = RelativeChange(k, New(2, 2, 2))
	require.ErrorContains(t, err, "kernel of zeros")
	_, err = RelativeChange(k, New(2, 1, 2))
	require.Error(t, err)
}

// The labels' kernel is the outer product of the one-hot labels, has rank 1, and is wholly aligned with itself only.
func TestTarget(t *testing.T) {
	labels := []int{0, 2, 1, 0}
	k, err := Target(labels, 3)
	require.NoError(t, err)
	y := mat.NewVecDense(12, nil)
	for i, c := range labels {
		y.SetVec(3*i+c, 1)
	}
	var outer mat.Dense
	outer.Outer(1, y, y)
	require.True(t, mat.Equal(&outer, k.Matrix()))
	values, err := SingularValues(k)
	require.NoError(t, err)
	rank, err := values.EffectiveRank()
	require.NoError(t, err)
	require.InEpsilon(t, 1, rank, 1e-6)
	self, err := CKA(k, k)
	require.NoError(t, err)
	require.InEpsilon(t, 1, self, 1e-12)
	other, err := Target([]int{0, 0, 1, 2}, 3)
	require.NoError(t, err)
	less, err := CKA(k, other)
	require.NoError(t, err)
	require.Less(t, less, 0.9)
	_, err = Target([]int{0, 3}, 3)
	require.ErrorContains(t, err, "label 3")
}

func TestEffectiveRank(t *testing.T) {
	for want, values := range map[float64]Spectrum{1: {7, 0, 0}, 3: {2, 2, 2, 0}} {
		got, err := values.EffectiveRank()
		require.NoError(t, err)
		require.InEpsilon(t, want, got, 1e-12)
	}
	between, err := (Spectrum{3, 1}).EffectiveRank()
	require.NoError(t, err)
	require.True(t, 1 < between && between < 2)
	_, err = (Spectrum{0, 0}).EffectiveRank()
	require.ErrorContains(t, err, "no effective rank")
}
