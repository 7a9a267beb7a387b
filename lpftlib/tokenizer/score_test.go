package tokenizer

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScores: numbers of up to 15 digits are read alike; the goldens hold the rest.
func TestScores(t *testing.T) {
	for text, want := range map[string]score{
		"0": {0, 0}, "-100.0": {-100, -100}, "-3.2145": {-3.2145, -3.2145}, "1.5E2": {150, 150}, "25e-1": {2.5, 2.5},
		"18446744073709551616": {18446744073709551616, 18446744073709551616}, "1e-400": {0, 0}, "0e999": {0, 0},
		"-10.000000000000000123": {-10, -10}, "123456789012345678901234.5": {123456789012345678901234, 123456789012345678901234},
	} {
		var got score
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		require.InEpsilon(t, want.exact+1, got.exact+1, 1e-15, text)
		require.InEpsilon(t, want.twice+1, got.twice+1, 1e-15, text)
	}
	for _, text := range []string{"1e999", "-1e309", `"1"`, "true", "1e99999999999999999999"} {
		require.Error(t, json.Unmarshal([]byte(text), new(score)), text)
	}
	var differs score
	require.NoError(t, json.Unmarshal([]byte("-12.3456789012345678"), &differs))
	require.InDelta(t, differs.exact, differs.twice, math.Abs(differs.exact)*1e-15)
}
