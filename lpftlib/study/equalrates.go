package study

import (
	"fmt"

	"lpft/lpftlib/paper"
)

// Control is a method measured at a batch size and learning rate that its rival was measured at too.
type Control struct {
	Measures
	Rates   Rates
	RatesOf []Method // whose rates in the profile these are: the method's, its rival's, or both
	RateSum float64  // learning rate summed over the steps of an epoch: see [stage.Recipe.RateSum]
}

// EqualRatePairs compares two methods in one quantity wherever both were measured at the same rates on the same set with
// the same seed and, in a sweep, the same scaling.
func EqualRatePairs(cells []Control, a, b Method, value func(*Measures) float64) []paper.Pair {
	var out []paper.Pair
	for i := range cells {
		for j := range cells {
			x, y := &cells[i], &cells[j]
			if x.Method == a && y.Method == b && x.Task == y.Task && x.TestSet == y.TestSet && x.Seed == y.Seed && x.Scaling == y.Scaling && x.Rates == y.Rates {
				name := fmt.Sprintf("%s seed %d, %s", x.TestSet, x.Seed, x.Rates)
				if x.Scaling != (Scaling{}) {
					name += ", " + x.Scaling.String()
				}
				out = append(out, paper.Pair{Name: name, A: value(&x.Measures), B: value(&y.Measures)})
			}
		}
	}
	return out
}

// EqualRateClaims judges whether the head at the start, and not the rate, is what keeps features in place.
func EqualRateClaims(cells []Control) []paper.Claim {
	diff := func(m *Measures) float64 { return m.Diff }
	claims := []paper.Claim{paper.AtEqualRates(EqualRatePairs(cells, LPFT, FT, diff))}
	if low := EqualRatePairs(cells, LPLoRA, LoRA, diff); len(low) > 0 {
		claims = append(claims, paper.AtEqualRatesLoRA(low))
	}
	return claims
}

// ControlAverage is a row of the control's table: a method at one pair of batch and rate over seeds, with Diff, CS, NormC and Score
// among its Metrics.
type ControlAverage struct {
	Average
	Rates   Rates    `json:"rates"`
	RatesOf []Method `json:"rates_of"`
	RateSum float64  `json:"rate_sum"`
}

// ControlAverages takes means over seeds, in the order of the cells.
func ControlAverages(cells []Control) ([]ControlAverage, error) {
	type key struct {
		task   string
		method Method
		rates  Rates
	}
	var order []key
	rows := map[key][]Measures{}
	first := map[key]Control{}
	for _, c := range cells {
		k := key{c.Task, c.Method, c.Rates}
		if rows[k] == nil {
			order, first[k] = append(order, k), c
		}
		rows[k] = append(rows[k], c.Measures)
	}
	var out []ControlAverage
	for _, k := range order {
		a, err := average(rows[k])
		if err != nil {
			return nil, err
		}
		out = append(out, ControlAverage{*a, k.rates, first[k].RatesOf, first[k].RateSum})
	}
	return out, nil
}
