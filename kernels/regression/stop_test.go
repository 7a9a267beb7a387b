package regression

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/probe"
)

// stopAnswer is what scikit-learn 1.0.1 makes of a kernel (testdata/make_stop.py), and what of it does not change when the
// columns are permuted.
type stopAnswer struct {
	regressionAnswer
	Stable struct {
		Scores []bool `json:"scores"`
		Choice bool   `json:"choice"`
	} `json:"stable"`
	Spread float64 `json:"spread"` // of the norm
}

func TestRegressionStopsAsScikitLearn10(t *testing.T) {
	raw, err := os.ReadFile("testdata/stop.json")
	require.NoError(t, err)
	answers := map[string]stopAnswer{}
	require.NoError(t, json.Unmarshal(raw, &answers))
	require.Len(t, answers, len(regressionCases))
	choices := 0
	for _, name := range regressionCases {
		t.Run(name, func(t *testing.T) {
			want := answers[name]
			o, train, test := readRegressionOracle(t, name)
			r, err := Fit(context.Background(), train, o.Labels, Options{Stop: probe.StopSklearn10})
			require.NoError(t, err)
			for j, stable := range want.Stable.Scores {
				if stable {
					require.InDelta(t, want.Scores[j], r.Scores[j], 1e-12, "κ = %g", r.Kappas[j])
				}
			}
			if !want.Stable.Choice {
				return
			}
			choices++
			require.InEpsilon(t, want.Kappa, r.Kappa, 1e-12)
			require.InEpsilon(t, want.Norm, r.Norm, math.Max(1e-3, 3*want.Spread))
			require.Equal(t, want.Train, score(t, r, train, o.Labels))
			require.Equal(t, want.Test, score(t, r, test, o.LabelsTest))
		})
	}
	require.GreaterOrEqual(t, choices, 5)
}
