package paper

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The statement holds in print, in all of Table 2 and on two sets of three in Table 9, where RTE ties.
func TestKernelAccuracyInPrint(t *testing.T) {
	claims := KernelAccuracy(append(printedScores(2), printedScores(9)...))
	require.Len(t, claims, 4)
	for i, want := range []struct {
		kind      Kind
		n         int
		threshold float64
	}{{Empirical, 2, 1}, {Empirical, 2, 1}, {Ordering, 6, 4. / 6}, {Ordering, 6, 1}} {
		require.Equal(t, Holds, claims[i].Outcome, claims[i].Explanation)
		require.Equal(t, want.kind, claims[i].Kind)
		require.Equal(t, want.n, claims[i].N)
		require.InDelta(t, want.threshold, claims[i].Threshold, 1e-12)
	}
	require.Contains(t, claims[2].Explanation, "not in rte LP-FT (51.2 against 51.2), rte LP-LoRA (51.2 against 51.2)")
}

// Numbers that break it fail: F below P or level with it, Θ above both.
func TestKernelAccuracyCanFail(t *testing.T) {
	good := KernelScore{"cb", "lpft", 79, 86, 80}
	for name, c := range map[string]struct {
		scores         []KernelScore
		above, between Outcome
	}{
		"as in print":          {[]KernelScore{good}, Holds, Holds},
		"names exchanged":      {[]KernelScore{{"cb", "lpft", 86, 79, 80}}, Fails, Holds},
		"a tie":                {[]KernelScore{{"cb", "lpft", 79, 79, 79}}, Fails, Holds},
		"one of two":           {[]KernelScore{good, {"mine", "lplora", 80, 79, 85}}, Fails, Fails},
		"Θ above":              {[]KernelScore{{"cb", "lpft", 79, 86, 90}}, Holds, Fails},
		"FT and LoRA are none": {[]KernelScore{{"cb", "ft", 79, 86, 80}, {"cb", "lora", 79, 86, 80}}, Undecided, Undecided},
		"no test kernel":       {[]KernelScore{{"cb", "lpft", math.NaN(), math.NaN(), math.NaN()}}, Undecided, Undecided},
	} {
		claims := KernelAccuracy(c.scores)
		require.Len(t, claims, 2, name)
		require.Equal(t, c.above, claims[0].Outcome, "%s: %s", name, claims[0].Explanation)
		require.Equal(t, c.between, claims[1].Outcome, "%s: %s", name, claims[1].Explanation)
	}
	further := KernelAccuracy([]KernelScore{{"rte", "lpft", 50, 50, 50}, {"boolq", "lpft", 60, 58, 59}})
	require.Equal(t, Undecided, further[0].Outcome)
	require.Equal(t, Fails, further[2].Outcome)
}
