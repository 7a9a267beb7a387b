package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/paper"
)

// The same claim from the same numbers counts once; from other numbers it is another.
func TestClaimsCountOnce(t *testing.T) {
	one := paper.C1([]paper.Pair{{Name: "cb", A: 1, B: 2}})
	other := paper.C1([]paper.Pair{{Name: "cb", A: 1, B: 2}, {Name: "rte", A: 1, B: 2}})
	undecided := paper.C3(nil) // its statistic is NaN
	claims := withClaims(nil, []paper.Claim{one, undecided})
	claims = withClaims(claims, []paper.Claim{one, undecided, other})
	require.Len(t, claims, 3)
	require.Equal(t, 2, claims[2].N)
}
