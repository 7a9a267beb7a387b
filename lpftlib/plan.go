package lpftlib

import (
	"context"
	"fmt"
	"html"
	"strings"

	"lpft/lpftlib/study"
)

// planOf is what an item's runs would take.
type planOf func(ctx context.Context, s *study.Session) ([]study.Planned, error)

// noRuns is for items that compute nothing worth a plan.
func noRuns(context.Context, *study.Session) ([]study.Planned, error) { return nil, nil }

// measuredRuns plans the profile's methods on the session's tasks that are wanted, on their own
// test sets and, where shifted is true, on the profile's others.
func measuredRuns(shifted bool, wanted func(s *study.Session, id string) bool) planOf {
	return func(ctx context.Context, s *study.Session) ([]study.Planned, error) {
		ids, err := tasksWhere(ctx, s, func(id string) bool { return wanted(s, id) })
		if err != nil {
			return nil, err
		}
		return s.Plan(ctx, runsOn(s, ids), func(run study.Spec) ([]string, error) {
			if !shifted {
				return []string{run.Task}, nil
			}
			return s.TestSets(ctx, run.Task)
		})
	}
}

func anyTask(*study.Session, string) bool { return true }

// withShifted tells whether the profile names shifted test sets for a task.
func withShifted(s *study.Session, id string) bool { return len(s.Profile.Tasks[id].OOD) > 0 }

// runsOn are the profile's methods and seeds on tasks.
func runsOn(s *study.Session, ids []string) []study.Spec {
	var runs []study.Spec
	for _, id := range ids {
		for _, m := range s.Profile.Methods {
			for _, seed := range s.Profile.Seeds {
				runs = append(runs, study.Spec{Task: id, Method: m, Seed: seed})
			}
		}
	}
	return runs
}

// sweepRuns plans the norm sweeps.
func sweepRuns(ctx context.Context, s *study.Session) ([]study.Planned, error) {
	ids, err := sweepTasks(ctx, s)
	if err != nil {
		return nil, err
	}
	var steps []study.Planned
	for _, id := range ids {
		more, err := s.PlanSweep(ctx, id, sweepMethods(s, id))
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	return steps, nil
}

// layoutRuns plans the models of Figures 5 and 6.
func layoutRuns(ctx context.Context, s *study.Session) ([]study.Planned, error) {
	id, err := layoutTask(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.Plan(ctx, runsOn(s, []string{id}), func(run study.Spec) ([]string, error) { return []string{run.Task}, nil })
}

// Contents shows the paper's tables and figures as links to their notebooks, with the state of
// each: everything there, or how many steps are not.
func (s *Session) Contents() {
	var b strings.Builder
	b.WriteString(`<table><thead><tr><th style="text-align:left">item of the paper</th><th style="text-align:left">notebook</th><th style="text-align:left">state</th></tr></thead><tbody>`)
	for _, item := range Items() {
		state := must(stateOf(s.ctx, s.Session, item))
		fmt.Fprintf(&b, `<tr><td style="text-align:left">%s</td><td style="text-align:left"><a href="%s">%s</a></td><td style="text-align:left">%s</td></tr>`,
			html.EscapeString(item.Title), item.Notebook, item.Notebook, state)
	}
	b.WriteString(`</tbody></table>`)
	HTML(b.String())
}

// stateOf is what the store holds for an item.
func stateOf(ctx context.Context, s *study.Session, item Item) (string, error) {
	steps, err := item.Plan(ctx, s)
	if err != nil {
		return "", err
	}
	missing := 0
	for _, step := range steps {
		if !step.Cached {
			missing++
		}
	}
	switch {
	case len(steps) == 0:
		return "computed at once", nil
	case missing == 0:
		return "cached", nil
	}
	return fmt.Sprintf("%d of %d steps to compute: <code>lpft reproduce --profile %s --only %s</code>", missing, len(steps), html.EscapeString(s.Profile.Name), item.Covers[0]), nil
}
