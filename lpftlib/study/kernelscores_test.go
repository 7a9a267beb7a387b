package study

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/kernels/regression"
	"lpft/lpftlib/paper"
)

// Statistics become the claim on Table 2, which fails where F scores below P.
func TestKernelScores(t *testing.T) {
	sum := func(pairs float64) KernelSummary {
		return KernelSummary{Regression: RegressionSummary{Test: &regression.Score{Pairs: pairs}}}
	}
	stats := func(id string, m Method, p, f, theta float64) *KernelStats {
		return &KernelStats{Spec: Spec{Task: id, Method: m}, Summary: Summary{P: sum(p), F: sum(f), Theta: sum(theta)}}
	}
	good := []*KernelStats{stats("cb", FT, 0.8, 0.7, 0.9), stats("cb", LPFT, 0.8, 0.9, 0.85), {Spec: Spec{Task: "cb", Method: LPLoRA}}}
	claims := paper.KernelAccuracy(KernelScores(good))
	require.Equal(t, paper.Holds, claims[0].Outcome, claims[0].Explanation)
	require.Equal(t, 1, claims[0].N, "FT is none of the methods, LP-LoRA has no test rows")
	bad := paper.KernelAccuracy(KernelScores([]*KernelStats{stats("cb", LPFT, 0.9, 0.8, 0.85), stats("boolq-standin", LPFT, 0.5, 0.6, 0.7)}))
	require.Equal(t, paper.Fails, bad[0].Outcome)
	require.Len(t, bad, 4, "a stand-in for a set of Table 9")
	require.Equal(t, paper.Holds, bad[2].Outcome)
	require.Equal(t, paper.Fails, bad[3].Outcome, "Θ above both")
}
