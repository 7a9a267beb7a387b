package session

import (
	"context"
	"slices"

	"lpft/lpftlib/study"
)

// Table 6 gives every method a batch size and a learning rate of its own, so that where LP-FT moves features less than FT its rate
// may be why. The control trains both at either's.

// controlRun is a cell of the control before it is measured; Rates are zero where they are the profile's for the method.
type controlRun struct {
	study.Spec
	ratesOf []study.Method
}

// EqualRates measures FT and LP-FT, and LoRA and LP-LoRA where they are among the methods, each at its own batch and learning rate
// and at the other's, on the task's test set: two runs of a pair more than its tables need, or none where both have the same.
// start is a run of any method: it names the task, the seed and how heads are scaled. A profile without "equal_rates", or with
// "control_tasks" that do not name the task, has no control, and no cells come back.
func (s *Session) EqualRates(ctx context.Context, start study.Spec, methods []study.Method) ([]study.Control, error) {
	runs, err := s.controlRuns(ctx, start, methods)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	apart, err := s.variant(ctx, func(*study.Profile) {})
	if err != nil {
		return nil, err
	}
	d, err := s.Data(ctx, start.Task)
	if err != nil {
		return nil, err
	}
	var cells []study.Control
	for _, run := range runs {
		m, err := run.session(s, apart).Measure(ctx, run.Spec)
		if err != nil {
			return nil, err
		}
		recipe := m.Setting.Recipe
		cells = append(cells, study.Control{Measures: *m, Rates: study.Rates{Batch: recipe.Batch, LearningRate: recipe.LearningRate}, RatesOf: run.ratesOf, RateSum: recipe.RateSum(len(d.Train))})
	}
	return cells, nil
}

// PlanEqualRates is what [Session.EqualRates] would take.
func (s *Session) PlanEqualRates(ctx context.Context, start study.Spec, methods []study.Method) ([]Planned, error) {
	runs, err := s.controlRuns(ctx, start, methods)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	apart, err := s.variant(ctx, func(*study.Profile) {})
	if err != nil {
		return nil, err
	}
	p := s.newPlan()
	for _, run := range runs {
		p.s = run.session(s, apart)
		if err := p.measures(ctx, run.Spec, start.Task, "test"); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}

// session is the one that measures a cell: a run as the profile has it is the very run of the tables.
func (r controlRun) session(s, apart *Session) *Session {
	if r.Rates == (study.Rates{}) {
		return s
	}
	return apart
}

// controlRuns are the cells of the control.
func (s *Session) controlRuns(ctx context.Context, start study.Spec, methods []study.Method) ([]controlRun, error) {
	if p := s.Profile; !p.EqualRates || len(p.ControlTasks) > 0 && !slices.Contains(p.ControlTasks, start.Task) {
		return nil, nil
	}
	var runs []controlRun
	for _, pair := range study.Rivals() {
		if !slices.Contains(methods, pair[0]) || !slices.Contains(methods, pair[1]) {
			continue
		}
		rates := map[study.Method]study.Rates{}
		for _, m := range pair {
			r, err := s.rates(ctx, start.Task, m)
			if err != nil {
				return nil, err
			}
			rates[m] = *r
		}
		for i, m := range pair {
			other := pair[1-i]
			own := start
			own.Method = m
			if rates[m] == rates[other] {
				runs = append(runs, controlRun{own, pair[:]})
				continue
			}
			at := own
			at.Rates = rates[other]
			runs = append(runs, controlRun{own, []study.Method{m}}, controlRun{at, []study.Method{other}})
		}
	}
	return runs, nil
}
