package items

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
)

// The theory is exact: every claim of it holds, for any seed.
func TestTheoryHolds(t *testing.T) {
	for _, item := range []Item{proposition1(), corollary1(), growth(), proposition2()} {
		for _, seed := range []uint64{1, 1001} {
			b, err := item.Build(t.Context(), toy(t, seed), nil)
			require.NoError(t, err, item.ID)
			require.NotEmpty(t, b.Claims)
			for _, c := range b.Claims {
				require.Equal(t, paper.Holds, c.Outcome, "%s, seed %d: %s: %g, %s", item.ID, seed, c.Text, c.Statistic, c.Explanation)
			}
		}
	}
}
