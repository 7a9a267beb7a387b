package paper

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// A course is judged from end to end: a fall on the way counts also where the end lies above the start, and many small falls count
// together.
func TestGrows(t *testing.T) {
	at := []float64{1, 2, 5, 10, 20}
	for name, c := range map[string]struct {
		norms []float64
		want  string // "" grows
	}{
		"grows":                       {[]float64{1, 2, 3, 4, 5}, ""},
		"flat at the end":             {[]float64{1, 2, 3, 3, 3}, ""},
		"within tolerance":            {[]float64{1, 2, 3, 2.998, 3}, ""},
		"falls at once":               {[]float64{1.5, 1.2, 2, 3, 4}, "falls from 1.5 at 1 to 1.2 at 2"},
		"falls later":                 {[]float64{1, 2, 3, 2.9, 5}, "falls from 3 at 5 to 2.9 at 10"},
		"falls in small steps":        {[]float64{1, 2, 1.9985, 1.997, 1.9955}, "falls from 2 at 2 to 2 at 20"},
		"falls to the end":            {[]float64{5, 4, 3, 2, 1}, "falls from 5 at 1 to 1 at 20"},
		"stays":                       {[]float64{1, 1, 1, 1, 1}, "ends at 1 as it starts"},
		"the deepest fall is the one": {[]float64{2, 1.9, 3, 1, 4}, "falls from 3 at 5 to 1 at 10"},
	} {
		claim := Grows(Ordering, "‖V‖ grows", []NormCourse{{"cb seed 1", at, c.norms}})
		if c.want == "" {
			require.Equal(t, Holds, claim.Outcome, "%s: %s", name, claim.Explanation)
			continue
		}
		require.Equal(t, Fails, claim.Outcome, name)
		require.Contains(t, claim.Explanation, "not cb seed 1 ("+c.want+")", name)
	}
	two := Grows(Ordering, "‖V‖ grows", []NormCourse{{"a", at[:2], []float64{1, 2}}, {"b", at[:2], []float64{2, 1}}, {"c", at[:1], []float64{1}}, {"d", at[:2], []float64{1, math.NaN()}}})
	require.Equal(t, [2]int{1, 2}, [2]int{two.Good, two.N})
	require.InDelta(t, 0.5, two.Statistic, 1e-12)
	require.Contains(t, two.Explanation, "95 %")
	none := Grows(Ordering, "‖V‖ grows", nil)
	require.Equal(t, Undecided, none.Outcome)
	require.True(t, math.IsNaN(none.Statistic))
}
