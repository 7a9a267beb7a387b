package study

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/measure"
)

// A temperature that the published search cannot reach is named with the run, by a real search; one that it reaches is not.
func TestTemperatureNote(t *testing.T) {
	logits, labels := mat.NewDense(40, 2, nil), make([]int, 40)
	for i := range 40 {
		labels[i] = i % 2
		logits.Set(i, i%2, 300) // right with certainty
		if i%4 == 0 {
			logits.Set(i, 1, 600) // wrong with certainty
		}
	}
	row := func(scale float64, seed uint64) Measures {
		scaled := measure.ScaleLogits(logits, scale)
		published, err := measure.FitTemperature(scaled, labels)
		require.NoError(t, err)
		exact, err := measure.ExactTemperature(scaled, labels)
		require.NoError(t, err)
		return Measures{Spec: Spec{Task: "cb", Method: LPFT, Seed: seed}, Published: &Scaled{Temperature: published}, Exact: &Scaled{Temperature: exact}}
	}
	far, near := row(1, 1), row(100, 2)
	require.Greater(t, far.Exact.Temperature.T, 100.0)
	require.Regexp(t, `^The published search of T ended at its limit of steps: LP-FT cb, seed 1 \(T = 9\d\.\d\)\.$`, TemperatureNote([]Measures{far, near, {}}))
	require.Empty(t, TemperatureNote([]Measures{near, {}}))
	near.Exact.Temperature.AtBound = true
	require.Contains(t, TemperatureNote([]Measures{near}), "no best T: LP-FT cb, seed 2")
}
