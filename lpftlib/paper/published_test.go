package paper

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What the known defects say of print is in print.
func TestPublishedDefects(t *testing.T) {
	require.Len(t, Miscounted(), len(realCounts))
	twice := PrintedTwice()
	var norms []string
	for _, pair := range twice {
		require.Equal(t, [2]string{pair[0].Dataset, pair[0].Method}, [2]string{pair[1].Dataset, pair[1].Method})
		require.NotEqual(t, pair[0].Table, pair[1].Table)
		norms = append(norms, pair[0].Text+" "+pair[1].Text)
	}
	require.Contains(t, norms, "2.48e1 3.35e1", "LP's norm on CB, %v", norms)
	require.InDelta(t, 4.0/9, ShrinkingHeads(), 1e-12)
}
