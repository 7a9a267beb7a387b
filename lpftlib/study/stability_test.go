package study

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The best mean is 0.8 with a standard error of 0.1 over two folds: 0.75 is near, 0.6 is not.
func TestNearBest(t *testing.T) {
	require.Equal(t, 2, NearBest([][]float64{{0.7, 0.7, 0.6}, {0.9, 0.8, 0.6}}))
	require.Equal(t, 1, NearBest([][]float64{{0.8, 0.7}, {0.8, 0.7}}), "folds that agree leave no doubt")
}

// Averaged, two orders that disagree choose what is good in both.
func TestAveragedKappa(t *testing.T) {
	kappas := []float64{0.1, 1, 10}
	a, b := &ProbeFit{Kappas: kappas, Scores: []float64{0.9, 0.8, 0}}, &ProbeFit{Kappas: kappas, Scores: []float64{0, 0.8, 0.9}}
	require.Equal(t, 0.1, AveragedKappa([]*ProbeFit{a}))
	require.Equal(t, 10.0, AveragedKappa([]*ProbeFit{b}))
	require.Equal(t, 1.0, AveragedKappa([]*ProbeFit{a, b}))
}

func TestStabilityFit(t *testing.T) {
	s := &Stability{Fits: []ProbeFit{{Folds: 5, Stop: "exact"}, {Folds: 10, Stop: "exact", Kappa: 3}}}
	require.Equal(t, 3.0, s.Fit(10, "exact").Kappa)
	require.Nil(t, s.Fit(10, "sklearn-1.0"))
}
