package study

import (
	"context"
	"fmt"
	"slices"

	"lpft/lpftlib/paper"
)

// Table 6 gives every method a batch size and a learning rate of its own, so that where LP-FT moves features less than FT its rate
// may be why. The control trains both at either's.

// rivals are the methods that differ in the head at the start of the FT stage only.
var rivals = [][2]Method{{FT, LPFT}, {LoRA, LPLoRA}}

// Control is a method measured at a batch size and learning rate that its rival was measured at too.
type Control struct {
	Measures
	Rates   Rates
	RatesOf []Method // whose rates in the profile these are: the method's, its rival's, or both
	RateSum float64  // learning rate summed over the steps of an epoch: see [finetune.Recipe.RateSum]
}

// controlRun is a cell of the control before it is measured; Rates are zero where they are the profile's for the method.
type controlRun struct {
	Spec
	ratesOf []Method
}

// EqualRates measures FT and LP-FT, and LoRA and LP-LoRA where the profile has them, each at its own batch and learning rate and at
// the other's, on the task's test set: two runs of a pair more than its tables need, or none where both have the same. A
// profile without "equal_rates" has no control, and no cells come back.
func (s *Session) EqualRates(ctx context.Context, id string, seed uint64) ([]Control, error) {
	runs, err := s.controlRuns(ctx, id, seed)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	apart, err := s.variant(ctx, func(*Profile) {})
	if err != nil {
		return nil, err
	}
	d, err := s.Data(ctx, id)
	if err != nil {
		return nil, err
	}
	var cells []Control
	for _, run := range runs {
		m, err := run.session(s, apart).Measure(ctx, run.Spec)
		if err != nil {
			return nil, err
		}
		recipe := m.Setting.Recipe
		cells = append(cells, Control{Measures: *m, Rates: Rates{recipe.Batch, recipe.LearningRate}, RatesOf: run.ratesOf, RateSum: recipe.RateSum(len(d.Train))})
	}
	return cells, nil
}

// PlanEqualRates is what [Session.EqualRates] would take.
func (s *Session) PlanEqualRates(ctx context.Context, id string, seed uint64) ([]Planned, error) {
	runs, err := s.controlRuns(ctx, id, seed)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	apart, err := s.variant(ctx, func(*Profile) {})
	if err != nil {
		return nil, err
	}
	p := s.newPlan()
	for _, run := range runs {
		p.s = run.session(s, apart)
		if err := p.measures(ctx, run.Spec, id, "test"); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}

// session is the one that measures a cell: a run as the profile has it is the very run of the tables.
func (r controlRun) session(s, apart *Session) *Session {
	if r.Rates == (Rates{}) {
		return s
	}
	return apart
}

// controlRuns are the cells of the control.
func (s *Session) controlRuns(ctx context.Context, id string, seed uint64) ([]controlRun, error) {
	if !s.Profile.EqualRates {
		return nil, nil
	}
	var runs []controlRun
	for _, pair := range rivals {
		if !slices.Contains(s.Profile.Methods, pair[0]) || !slices.Contains(s.Profile.Methods, pair[1]) {
			continue
		}
		rates := map[Method]Rates{}
		for _, m := range pair {
			r, err := s.rates(ctx, id, m)
			if err != nil {
				return nil, err
			}
			rates[m] = *r
		}
		for i, m := range pair {
			other := pair[1-i]
			own := Spec{Task: id, Method: m, Seed: seed}
			if rates[m] == rates[other] {
				runs = append(runs, controlRun{own, pair[:]})
				continue
			}
			at := own
			at.Rates = rates[other]
			runs = append(runs, controlRun{own, []Method{m}}, controlRun{at, []Method{other}})
		}
	}
	return runs, nil
}

// EqualRatePairs compares two methods in one quantity wherever both were measured at the same rates on the same set with the same seed.
func EqualRatePairs(cells []Control, a, b Method, value func(*Measures) float64) []paper.Pair {
	var out []paper.Pair
	for i := range cells {
		for j := range cells {
			x, y := &cells[i], &cells[j]
			if x.Method == a && y.Method == b && x.Task == y.Task && x.TestSet == y.TestSet && x.Seed == y.Seed && x.Rates == y.Rates {
				out = append(out, paper.Pair{Name: fmt.Sprintf("%s seed %d, %s", x.TestSet, x.Seed, x.Rates), A: value(&x.Measures), B: value(&y.Measures)})
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
