package lpftlib

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
)

// The theory is exact: every claim of it holds, for any seed.
func TestTheoryHolds(t *testing.T) {
	for name, build := range map[string]func(context.Context, *study.Session) (*Built, error){
		"proposition 1": BuildProposition1, "corollary 1": BuildCorollary1, "growth": BuildGrowth, "proposition 2": BuildProposition2,
	} {
		for _, seed := range []uint64{1, 1001} {
			b, err := build(t.Context(), toy(t, seed))
			require.NoError(t, err, name)
			require.NotEmpty(t, b.Claims)
			for _, c := range b.Claims {
				require.Equal(t, paper.Holds, c.Outcome, "%s, seed %d: %s: %g, %s", name, seed, c.Text, c.Statistic, c.Explanation)
			}
		}
	}
}
