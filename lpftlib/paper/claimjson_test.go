package paper

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// A claim passes through JSON, also one without a statistic.
func TestClaimsPassThroughJSON(t *testing.T) {
	for _, statistic := range []float64{1.0 / 3, -0.5, math.Inf(1), math.NaN()} {
		c := Claim{Kind: Empirical, ID: "C2", Text: "far larger", Statistic: statistic, Threshold: 10, N: 3, Good: 2, Interval: Binomial(2, 3), Outcome: Fails, Explanation: "x"}
		raw, err := json.Marshal(c)
		require.NoError(t, err)
		var back Claim
		require.NoError(t, json.Unmarshal(raw, &back))
		if math.IsNaN(statistic) {
			require.True(t, math.IsNaN(back.Statistic))
			c.Statistic, back.Statistic = 0, 0
		}
		require.Equal(t, c, back)
	}
}
