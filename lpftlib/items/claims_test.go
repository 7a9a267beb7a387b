package items

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
)

func measured(task string, m study.Method, seed uint64, norm, diff, normC, score float64) study.Measures {
	r := study.Measures{Spec: study.Spec{Task: task, Method: m, Seed: seed}, TestSet: task, Split: "test", Diff: diff, NormC: normC, Score: score,
		Calibration: study.Calibration{ECE: 10}, Published: &study.Scaled{Calibration: study.Calibration{ECE: 5}}}
	if norm > 0 {
		r.Scaling = study.Scaling{Norm: norm, Reading: "A"}
	}
	return r
}

// Pairs are made of runs that differ in the method only; scaled runs make curves; WSC is left out of
// C2 and C7.
func TestClaimsOfRuns(t *testing.T) {
	rows := []study.Measures{
		measured("cb", study.LP, 1, 0, 0, 20, 70), measured("cb", study.FT, 1, 0, 5, 1, 75), measured("cb", study.LPFT, 1, 0, 2, 20, 76),
		measured("cb", study.FT, 2, 0, 5, 1, 75), // no LP-FT with seed 2
		measured("wsc", study.LP, 1, 0, 0, 0.1, 60), measured("wsc", study.FT, 1, 0, 5, 1, 60), measured("wsc", study.LPFT, 1, 0, 6, 0.1, 60),
	}
	for i, norm := range []float64{0.5, 2, 10, 50} {
		rows = append(rows, measured("cb", study.LPFT, 1, norm, float64(4-i), norm, 70))
	}
	other := measured("cb", study.LPFT, 2, 0, 9, 20, 10)
	other.Setting.Model = "another"
	by := map[string]paper.Claim{}
	for _, c := range Claims(append(rows, other)) {
		by[c.ID] = c
	}
	require.Equal(t, 2, by["C1"].N)
	require.Equal(t, paper.Fails, by["C1"].Outcome, "WSC counts for C1")
	require.Equal(t, 1, by["C2"].N)
	require.Equal(t, paper.Holds, by["C2"].Outcome)
	require.Equal(t, 1, by["C3"].N)
	require.InDelta(t, -1, by["C3"].Statistic, 1e-12)
	require.Equal(t, paper.Holds, by["C7"].Outcome)
	require.Equal(t, 2, by["C7"].N, "cb with two models; not WSC")
	require.Equal(t, 2, by["C8"].N)
}

func TestClaimsStandOnce(t *testing.T) {
	got := Once([]paper.Claim{{ID: "C1", N: 2}, {Text: "a", N: 1}, {ID: "C1", N: 5}, {Text: "a", N: 1}, {ID: "C2", N: 1}})
	require.Equal(t, []paper.Claim{{ID: "C1", N: 5}, {Text: "a", N: 1}, {ID: "C2", N: 1}}, got)
}
