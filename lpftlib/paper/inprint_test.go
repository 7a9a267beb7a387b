package paper

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every statement of the tables holds in the paper's own numbers, and can fail: the other way round it does.
func TestStatementsHoldInPrint(t *testing.T) {
	for name, p := range map[string]Print{"CS of FT": CSOfFT, "CS of LoRA": CSOfLoRA, "FDR": FDROfFT, "Diff of LoRA": DiffOfLoRA, "norm of LoRA": NormOfLoRA,
		"kernel of FT": KernelOfFT, "kernel of LoRA": KernelOfLoRA, "gain": GainOfECE, "accuracy of LP": AccuracyOfLP, "Matthews of LP": MatthewsOfLP, "CS, shifted": CSOfFTShifted} {
		t.Run(name, func(t *testing.T) {
			pairs := p.pairs()
			require.NotEmpty(t, pairs)
			c := AsInPrint(Empirical, name, Less, pairs, p)
			require.Equal(t, Holds, c.Outcome, c.Explanation)
			require.Greater(t, c.Threshold, 0.5, c.Explanation)
			var turned []Pair
			for _, pair := range pairs {
				turned = append(turned, Pair{pair.Name, pair.B, pair.A})
			}
			require.Equal(t, Fails, AsInPrint(Empirical, name, Less, turned, p).Outcome)
			t.Log(c.Explanation)
		})
	}
}

// One set of many may break a statement that the print breaks on one set.
func TestThresholdsComeFromPrint(t *testing.T) {
	pairs := AccuracyOfLP.pairs()
	c := AsInPrint(Empirical, "LP scores below FT", Less, pairs, AccuracyOfLP)
	require.Less(t, c.Threshold, 1.0)
	require.Equal(t, Holds, c.Outcome)
	require.Equal(t, Undecided, AsInPrint(Empirical, "", Less, nil, AccuracyOfLP).Outcome)
}
