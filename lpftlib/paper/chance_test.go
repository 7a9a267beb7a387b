package paper

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Exact probabilities of Spearman's coefficient under random order, by counting: 1 of 24 orders of four points has
// −1, three more −0.8; one of 40,320 of eight has −1. Longer curves are sampled.
func TestChance(t *testing.T) {
	line := func(n int) Curve {
		c := Curve{Name: "line"}
		for i := range n {
			c.Norms, c.Diff = append(c.Norms, float64(i)), append(c.Diff, float64(-i))
		}
		return c
	}
	require.InDelta(t, 1.0/24, chanceOf(line(4), -1), 1e-12)
	require.InDelta(t, 4.0/24, chanceOf(line(4), -0.8), 1e-12)
	require.InDelta(t, 1, chanceOf(line(4), 1), 1e-12)
	require.InDelta(t, 1.0/40320, chanceOf(line(8), -1), 1e-12)
	require.InDelta(t, 0.5, chanceOf(line(12), 0), 0.02)
	require.Equal(t, []float64{0, 1, 2, 3}, line(4).Norms)
}
