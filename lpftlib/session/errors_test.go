package session

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// FDR takes the pseudo-inverse where S_W is singular, and for no other reason.
func TestFDRFallsBackWhereSingular(t *testing.T) {
	phi := mat.NewDense(12, 2, nil)
	labels := make([]int, 12)
	for i := range 12 {
		labels[i] = i % 2
		phi.SetRow(i, []float64{math.Sin(float64(i)) + float64(i%2), 1}) // the second feature is constant
	}
	var m study.Measures
	require.NoError(t, measureFeatures(&m, phi, phi, labels, 2))
	require.Equal(t, "pinv", m.FDRKind)
	for i := range 12 {
		phi.Set(i, 1, math.Cos(3*float64(i)))
	}
	m = study.Measures{}
	require.NoError(t, measureFeatures(&m, phi, phi, labels, 2))
	require.Equal(t, "inverse", m.FDRKind)
	labels[3] = 7
	m = study.Measures{}
	require.NoError(t, measureFeatures(&m, phi, phi, labels, 2), "the other measures are kept")
	require.Contains(t, m.Undefined["fdr_f"], "label 7 of row 3")
	require.Nil(t, m.FDR)
	require.Empty(t, m.FDRKind, "no other inverse is tried")
}

// What cannot be scored is an error, by either score, and not 0.
func TestScorerReportsErrors(t *testing.T) {
	for _, metric := range []string{task.Accuracy, task.Matthews} {
		for _, by := range []string{study.SelectMetric, study.SelectAccuracy} {
			score := scorer(&task.Task{Metric: metric}, by)
			_, err := score([]float64{1, math.NaN(), 0, 1}, []int{0, 1}, 2)
			require.ErrorContains(t, err, "expected finite numbers")
			got, err := score([]float64{1, 0, 0, 1}, []int{0, 1}, 2)
			require.NoError(t, err)
			require.Equal(t, 1.0, got)
		}
	}
}
