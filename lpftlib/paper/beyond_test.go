package paper

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSeededNeedsThreeSeeds(t *testing.T) {
	good, bad := []Pair{{"cb", 1, 2}}, []Pair{{"cb", 2, 1}}
	require.Equal(t, Undecided, Seeded("x", Less, good, 2).Outcome)
	require.Equal(t, Undecided, Seeded("x", Less, bad, 2).Outcome)
	require.Contains(t, Seeded("x", Less, good, 2).Explanation, "seeds: 2, and 3 are needed")
	require.Equal(t, Holds, Seeded("x", Less, good, 3).Outcome)
	require.Equal(t, Fails, Seeded("x", Less, bad, 3).Outcome)
	require.Equal(t, Undecided, Seeded("x", Less, nil, 3).Outcome)
}

// Statements beyond the paper are counted apart from its claims.
func TestBeyondIsCountedApart(t *testing.T) {
	claims := []Claim{Judged(Empirical, "a", Less, []Pair{{"cb", 1, 2}}), Seeded("b", Less, []Pair{{"cb", 2, 1}}, 3)}
	require.Equal(t, Count{Kind: Empirical, Holds: 1, Decided: 1}, CountOf(Empirical, claims))
	require.Equal(t, Count{Kind: Beyond, Decided: 1}, CountOf(Beyond, claims))
	require.Contains(t, Kinds, Beyond)
}
