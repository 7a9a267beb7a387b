package items

import (
	"context"
	"slices"

	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// tableRuns is the recipe's first half for tables of runs: the profile's methods and seeds on those of the
// session's tasks that are wanted, on their own test sets and, where shifted is true, on the profile's others.
type tableRuns struct {
	shifted bool
	wanted  func(s *session.Session, id string) bool // nil: all tasks
}

// tasks are the session's tasks that the table is about.
func (t tableRuns) tasks(ctx context.Context, s *session.Session) ([]string, error) {
	ids, err := s.Tasks(ctx)
	if err != nil || t.wanted == nil {
		return ids, err
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !t.wanted(s, id) }), nil
}

// sets are the test sets that a task's models are measured on.
func (t tableRuns) sets(ctx context.Context, s *session.Session, id string) ([]string, error) {
	if t.shifted {
		return s.TestSets(ctx, id)
	}
	return []string{id}, nil
}

func (t tableRuns) needs(ctx context.Context, s *session.Session) ([]session.Planned, error) {
	ids, err := t.tasks(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.Plan(ctx, runsOn(s, ids), func(run study.Spec) ([]string, error) { return t.sets(ctx, s, run.Task) })
}

// rows are the measures, task by task, test set by test set, method by method, seed by seed.
func (t tableRuns) rows(ctx context.Context, s *session.Session) ([]study.Measures, error) {
	ids, err := t.tasks(ctx, s)
	if err != nil {
		return nil, err
	}
	var rows []study.Measures
	for _, id := range ids {
		sets, err := t.sets(ctx, s, id)
		if err != nil {
			return nil, err
		}
		for _, set := range sets {
			for _, run := range runsOn(s, []string{id}) {
				row, err := s.MeasureOn(ctx, run, set, "test")
				if err != nil {
					return nil, err
				}
				rows = append(rows, *row)
			}
		}
	}
	return rows, nil
}

// runsOn are the profile's methods and seeds on tasks.
func runsOn(s *session.Session, ids []string) []study.Spec {
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

// withShifted tells whether the profile names shifted test sets for a task.
func withShifted(s *session.Session, id string) bool { return len(s.Profile.Tasks[id].OOD) > 0 }

// chosenTasks are those of the session's tasks that are in a list; where none is, all.
func chosenTasks(ctx context.Context, s *session.Session, list []string) ([]string, error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(list, id) })
	if len(chosen) == 0 {
		return ids, nil
	}
	return chosen, nil
}
