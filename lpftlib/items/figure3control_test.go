package items

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
)

// controlledSweep is a sweep over two norms at two rates; diff gives every cell's Diff(F).
func controlledSweep(diff func(m study.Method, norm float64, rates study.Rates) float64) sweep {
	slow, fast := study.Rates{Batch: 8, LearningRate: 1e-5}, study.Rates{Batch: 16, LearningRate: 1e-4}
	sw := sweep{task: "cb", methods: []study.Method{study.FT, study.LPFT}, norms: []float64{1, 10}}
	for _, m := range sw.methods {
		for _, norm := range sw.norms {
			for _, rates := range []study.Rates{fast, slow} {
				spec := study.Spec{Task: "cb", Method: m, Seed: 1, Scaling: study.Scaling{Norm: norm, Reading: "A"}}
				of := []study.Method{study.FT}
				if rates == slow {
					of = []study.Method{study.LPFT}
				}
				sw.control = append(sw.control, study.Control{Rates: rates, RatesOf: of,
					Measures: study.Measures{Spec: spec, TestSet: "cb", NormStart: norm, Diff: diff(m, norm, rates)}})
			}
		}
	}
	return sw
}

// The rate moves features here, the head's direction does not: the panels hold one rate each, and the statement fails.
func TestControlOfTheSweepSeesThroughRates(t *testing.T) {
	byRate := controlledSweep(func(_ study.Method, norm float64, r study.Rates) float64 { return 1e5 * r.LearningRate / norm })
	panels, err := byRate.controlPanels(1)
	require.NoError(t, err)
	require.Len(t, panels, 2)
	require.Equal(t, "(b) cb, batch 16, rate 0.0001", panels[0].Title)
	for _, panel := range panels {
		require.Len(t, panel.Curves, 2)
		require.Equal(t, panel.Curves[0].Mean, panel.Curves[1].Mean, "nothing but the rate makes a difference")
		require.Equal(t, []float64{1, 10}, panel.Curves[0].Norms)
	}
	claims := figure3Claims([]sweep{byRate})
	require.Len(t, claims, 2)
	require.Equal(t, 4, claims[1].N, "two norms at two rates")
	require.Equal(t, paper.Fails, claims[1].Outcome)
}

// A head that keeps features in place at every norm and rate makes the statement hold.
func TestControlOfTheSweepSeesTheDirection(t *testing.T) {
	byHead := controlledSweep(func(m study.Method, norm float64, r study.Rates) float64 {
		if m == study.LPFT {
			return r.LearningRate / norm
		}
		return 2 * r.LearningRate / norm
	})
	claims := figure3Claims([]sweep{byHead})
	require.Equal(t, paper.Holds, claims[1].Outcome)
	require.Equal(t, paper.Ordering, claims[1].Kind)

	byHead.control = nil
	panels, err := byHead.controlPanels(1)
	require.NoError(t, err)
	require.Empty(t, panels, "a profile without the control")
	require.Len(t, figure3Claims([]sweep{byHead}), 1)
}
