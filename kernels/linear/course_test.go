package linear

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Corollary 1, equation (6): however long it is trained, φ does not move for x orthogonal to the training rows.
func TestOrthogonalInputsKeepTheirFeatures(t *testing.T) {
	m, x, labels, test := setting(5)
	var svd mat.SVD
	require.True(t, svd.Factorize(x, mat.SVDFull))
	var right mat.Dense
	svd.VTo(&right)
	orthogonal := mat.DenseCopyOf(right.Slice(0, d, n, d).T()) // [2, d]
	require.Less(t, mat.Norm(times(orthogonal, x.T()), 2), 1e-13)
	predicted, err := m.PredictedFeatureChange(orthogonal, x, labels, 1)
	require.NoError(t, err)
	require.Less(t, mat.Norm(predicted, 2), 1e-13)

	const steps = 500
	_, course, err := m.Course(x, labels, orthogonal, 0.05, steps)
	require.NoError(t, err)
	require.Len(t, course, steps+1)
	_, others, err := m.Course(x, labels, test, 0.05, steps)
	require.NoError(t, err)
	require.Zero(t, others[0].FeatureChange)
	for i := 1; i <= steps; i++ {
		require.Equal(t, i, course[i].Step)
		require.Less(t, course[i].FeatureChange, 1e-12)
		require.Less(t, course[i].Loss, course[i-1].Loss)
		require.Equal(t, course[i].Loss, others[i].Loss)
	}
	require.Greater(t, others[steps].FeatureChange, 0.5)
	_, _, err = m.Course(x, labels, test, 0.05, -1)
	require.ErrorContains(t, err, "-1 steps")
}
