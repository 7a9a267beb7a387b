package paper

import (
	"fmt"

	"gonum.org/v1/gonum/mathext"
)

// Interval is the exact (Clopper and Pearson) 95 % interval of a share: where the true share lies if the cases were drawn
// independently. Seeds of one data set share its rows, so that it is too narrow rather than too wide.
type Interval struct{ Low, High float64 }

// tail is the probability that the interval leaves out on either side.
const tail = 0.025

// Binomial is the interval of the share of good cases in n; [0, 1] where there are none.
func Binomial(good, n int) Interval {
	i := Interval{0, 1}
	if good > 0 {
		i.Low = mathext.InvRegIncBeta(float64(good), float64(n-good+1), tail)
	}
	if good < n {
		i.High = mathext.InvRegIncBeta(float64(good+1), float64(n-good), 1-tail)
	}
	return i
}

// String is "95 %: 0.36 to 1.00".
func (i Interval) String() string { return fmt.Sprintf("95 %%: %.2f to %.2f", i.Low, i.High) }

// count enters how many of the claim's N cases satisfy it, and says so.
func (c *Claim) count(what string, good int) {
	c.Good = good
	c.Explanation += fmt.Sprintf("%s in %d of %d", what, good, c.N)
	if c.Kind != Check { // an identity holds or does not
		c.Interval = Binomial(good, c.N)
		c.Explanation += fmt.Sprintf(" (%s)", c.Interval)
	}
}
