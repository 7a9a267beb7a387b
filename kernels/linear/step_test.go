package linear

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Step is −η times the gradient of the summed cross entropy.
func TestStepIsGradientDescent(t *testing.T) {
	m, x, labels, _ := setting(3)
	const eta, step = 0.1, 1e-5
	after, err := m.Step(x, labels, eta)
	require.NoError(t, err)
	loss := func() float64 { return m.Loss(x, labels) }
	for name, pair := range map[string][2]*mat.Dense{"V": {m.V, after.V}, "B": {m.B, after.B}} {
		for i := range pair[0].RawMatrix().Data {
			entry := &pair[0].RawMatrix().Data[i]
			at := *entry
			*entry = at + step
			above := loss()
			*entry = at - step
			gradient := (above - loss()) / (2 * step)
			*entry = at
			require.InDelta(t, -eta*gradient, pair[1].RawMatrix().Data[i]-at, 1e-8, "%s[%d]", name, i)
		}
	}
}

// One step matches (4) with an error of order η², and (5) to rounding.
func TestStepMatchesTheory(t *testing.T) {
	m, x, labels, test := setting(4)
	etas := []float64{1e-1, 1e-2, 1e-3, 1e-4}
	table, err := m.StepErrors(x, labels, test, etas)
	require.NoError(t, err)
	for i, e := range table {
		require.Greater(t, e.FeatureChange, 0.1*e.Eta)
		require.Less(t, e.FeatureError, 1e-12*math.Max(e.FeatureChange, 1))
		require.Less(t, e.LogitError, e.LogitChange)
		if i > 0 {
			slope := math.Log10(table[i-1].LogitError / e.LogitError)
			require.InDelta(t, 2, slope, 0.01, "between η = %g and %g", table[i-1].Eta, e.Eta)
			require.InDelta(t, 1, math.Log10(table[i-1].LogitChange/e.LogitChange), 0.1)
		}
	}
}
