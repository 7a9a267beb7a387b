package paper

import (
	"fmt"
	"strings"
)

// NormCourse is ‖V‖ over a training: over the iterations of linear probing, or the epochs of an FT stage.
type NormCourse struct {
	Name      string
	At, Norms []float64 // same length, in the order of At
}

// falling is the share of a course's largest norm from which a fall counts: smaller ones are a solver's tolerance.
const falling = 1e-3

// Grows judges that ‖V‖ grows during training: in every course it ends above its start, and nowhere on the way falls below what
// it had reached, by more than a thousandth of the course's largest norm. The statistic is the share of courses that do, the
// threshold 1; the explanation says where the others fall.
func Grows(kind Kind, text string, courses []NormCourse) Claim {
	c := Claim{Kind: kind, Text: text, Threshold: 1, Outcome: Undecided}
	var broken []string
	for _, k := range courses {
		if !k.valid() {
			continue
		}
		c.N++
		if why := k.shrinks(); why != "" {
			broken = append(broken, k.Name+" ("+why+")")
		}
	}
	good := c.N - len(broken)
	c.Statistic = float64(good) / float64(c.N) // NaN without courses
	if c.N == 0 {
		c.Explanation = "no course has two points"
		return c
	}
	c.Outcome = Holds
	c.count("growing all the way", good)
	if len(broken) > 0 {
		c.Outcome = Fails
		c.Explanation += "; not " + strings.Join(broken, ", ")
	}
	return c
}

func (k NormCourse) valid() bool {
	if len(k.Norms) < 2 || len(k.At) != len(k.Norms) {
		return false
	}
	for _, v := range k.Norms {
		if bad(v) {
			return false
		}
	}
	return true
}

// shrinks says in words where a course falls farthest below what it had reached, or that it does not grow; "" where it grows.
func (k NormCourse) shrinks() string {
	largest := k.Norms[0]
	for _, v := range k.Norms {
		largest = max(largest, v)
	}
	peak, from, to, depth := 0, 0, 0, falling*largest
	for i, v := range k.Norms {
		if v > k.Norms[peak] {
			peak = i
		}
		if fall := k.Norms[peak] - v; fall > depth {
			from, to, depth = peak, i, fall
		}
	}
	if to > 0 {
		return fmt.Sprintf("falls from %s at %g to %s at %g", number(k.Norms[from]), k.At[from], number(k.Norms[to]), k.At[to])
	}
	if last := k.Norms[len(k.Norms)-1]; last <= k.Norms[0] {
		return fmt.Sprintf("ends at %s as it starts", number(last))
	}
	return ""
}
