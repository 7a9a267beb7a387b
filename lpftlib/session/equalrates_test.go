package session

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// Every method of a pair is measured at its own rates and at the other's; the plan knows the steps; the controls are no runs of
// the profile's.
func TestEqualRates(t *testing.T) {
	ctx := t.Context()
	s := open(t, t.TempDir(), 1001)
	start := study.Spec{Task: "toy", Seed: 1001}
	planned, err := s.PlanEqualRates(ctx, start, s.Profile.Methods)
	require.NoError(t, err)
	cells, err := s.EqualRates(ctx, start, s.Profile.Methods)
	require.NoError(t, err)
	require.Len(t, cells, 6, "LoRA and LP-LoRA have the same rates in this profile")
	log, err := s.Store.Log()
	require.NoError(t, err)
	computed := 0
	for _, e := range log {
		if e.What == store.Computed {
			computed++
		}
	}
	require.Len(t, planned, computed, "all that was computed was planned, and no more")

	again, err := s.EqualRates(ctx, start, s.Profile.Methods)
	require.NoError(t, err)
	require.Equal(t, cells, again)
	for what := range events(t, s, len(log)) {
		require.True(t, strings.HasSuffix(what, store.Reused), what)
	}
	runs, bad := Runs(s.Store)
	require.Empty(t, bad)
	require.Len(t, runs, 4, "each method at the profile's rates")

	for _, c := range cells {
		require.Equal(t, c.Rates, study.Rates{Batch: c.Setting.Recipe.Batch, LearningRate: c.Setting.Recipe.LearningRate})
		rates, err := s.Profile.RatesOf("toy", c.RatesOf[0])
		require.NoError(t, err)
		require.Equal(t, *rates, c.Rates)
		require.Positive(t, c.Diff)
		require.InEpsilon(t, c.RateSum, c.Setting.Recipe.RateSum(54), 1e-12)
	}
	pairs := study.EqualRatePairs(cells, study.LPFT, study.FT, func(m *study.Measures) float64 { return m.Diff })
	require.Len(t, pairs, 2)
	require.Equal(t, "toy seed 1001, batch 16, rate 0.001", pairs[1].Name)
	claims := study.EqualRateClaims(cells)
	require.Len(t, claims, 2)
	rows, err := study.ControlAverages(cells)
	require.NoError(t, err)
	require.Len(t, rows, 6)
	require.Contains(t, rows[0].Metrics, "diff_f")

	s.Profile.ControlTasks = []string{"cb"}
	elsewhere, err := s.EqualRates(ctx, start, s.Profile.Methods)
	require.NoError(t, err)
	require.Empty(t, elsewhere, "a control of another task alone")

	s.Profile.EqualRates = false
	none, err := s.EqualRates(ctx, start, s.Profile.Methods)
	require.NoError(t, err)
	require.Empty(t, none)
}

// Where both methods have the same rates the runs of the tables are the control.
func TestEqualRatesThatAreEqual(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	s.Profile.Methods = []study.Method{study.FT, study.LPFT}
	s.Profile.Tasks["toy"].LPFT = s.Profile.Tasks["toy"].FT
	cells, err := s.EqualRates(t.Context(), study.Spec{Task: "toy", Seed: 1001}, s.Profile.Methods)
	require.NoError(t, err)
	require.Len(t, cells, 2)
	require.Equal(t, []study.Method{study.FT, study.LPFT}, cells[0].RatesOf)
	require.Len(t, study.EqualRatePairs(cells, study.LPFT, study.FT, func(m *study.Measures) float64 { return m.Diff }), 1)
}

// The claim compares at equal rates only, and fails where LP-FT moves features more, whatever the profile's own runs say.
func TestEqualRateClaimsCanFail(t *testing.T) {
	slow, fast := study.Rates{Batch: 8, LearningRate: 1e-5}, study.Rates{Batch: 16, LearningRate: 1e-4}
	cell := func(m study.Method, r study.Rates, diff float64) study.Control {
		return study.Control{Measures: study.Measures{Spec: study.Spec{Task: "cb", Method: m, Seed: 1}, TestSet: "cb", Diff: diff}, Rates: r}
	}
	own := []study.Control{cell(study.FT, fast, 4), cell(study.LPFT, slow, 1)}
	require.Equal(t, paper.Undecided, study.EqualRateClaims(own)[0].Outcome, "rates of their own decide nothing")
	confounded := study.EqualRateClaims(append(own, cell(study.FT, slow, 0.5), cell(study.LPFT, fast, 5)))
	require.Equal(t, paper.Fails, confounded[0].Outcome)
	require.Equal(t, 2, confounded[0].N)
	require.Equal(t, paper.Empirical, confounded[0].Kind)
	require.Equal(t, paper.Holds, study.EqualRateClaims(append(own, cell(study.FT, slow, 2), cell(study.LPFT, fast, 3)))[0].Outcome)
	require.Equal(t, paper.Fails, study.EqualRateClaims(append(own, cell(study.FT, slow, 2), cell(study.LPFT, fast, 5)))[0].Outcome, "one of two is not all")

	lora := []study.Control{cell(study.LoRA, fast, 4), cell(study.LPLoRA, fast, 5)}
	require.Equal(t, paper.Fails, study.EqualRateClaims(lora)[1].Outcome)
}

// Linear decay: the mean rate of all steps is (steps + 1)/(2·steps) of the base.
func TestRateSum(t *testing.T) {
	r := stage.Recipe{Epochs: 3, Batch: 16, LearningRate: 1e-3}
	require.InEpsilon(t, 4*1e-3*13/24, r.RateSum(54), 1e-12)
	r.Batch = 8
	require.InEpsilon(t, 7*1e-3*22/42, r.RateSum(54), 1e-12)
}
