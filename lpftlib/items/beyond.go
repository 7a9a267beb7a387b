package items

import (
	"context"
	"fmt"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// beyond is the part of the report whose questions the paper leaves open (docs/beyond.md).
const beyond = "Beyond the paper"

// beyondRuns are the profile's trainings on kernels' rows, those that are wanted.
func beyondRuns(ctx context.Context, s *session.Session, wanted func(study.KernelRun) bool) ([]study.KernelRun, error) {
	if s.Profile.Beyond == nil {
		return nil, absent{`a profile with the key "beyond"`}
	}
	ids, err := chosenTasks(ctx, s, s.Profile.Beyond.Tasks)
	if err != nil {
		return nil, err
	}
	var out []study.KernelRun
	for _, run := range s.Profile.Beyond.Runs(ids, s.Profile.Seeds) {
		if wanted(run) {
			out = append(out, run)
		}
	}
	return out, nil
}

// planOf is a session's plan for trainings.
type planOf func(*session.Session, context.Context, []study.KernelRun) ([]session.Planned, error)

// needs plans the trainings that are wanted; a profile that has none needs none.
func (plan planOf) needs(wanted func(study.KernelRun) bool) func(context.Context, *session.Session) ([]session.Planned, error) {
	return func(ctx context.Context, s *session.Session) ([]session.Planned, error) {
		if s.Profile.Beyond == nil {
			return nil, nil
		}
		runs, err := beyondRuns(ctx, s, wanted)
		if err != nil {
			return nil, err
		}
		return plan(s, ctx, runs)
	}
}

// headRivals are the methods that differ in the head at the start only: from a random head, and from LP's.
var headRivals = [][2]study.Method{{study.FT, study.LPFT}, {study.LoRA, study.LPLoRA}}

// seedsOf counts the seeds of some trainings.
func seedsOf(runs []study.KernelRun) int {
	seeds := map[uint64]bool{}
	for _, r := range runs {
		seeds[r.Seed] = true
	}
	return len(seeds)
}

// overSeeds is the mean of some numbers with their sample deviation, as a table's cell; no numbers are a dash.
func overSeeds(values []float64) (report.Cell, error) {
	if len(values) == 0 {
		return report.Cell{Ours: "-"}, nil
	}
	s, err := measure.Summarise(values)
	if err != nil {
		return report.Cell{}, err
	}
	text := fmt.Sprintf("%.3g", s.Mean)
	if s.N > 1 {
		text += fmt.Sprintf(" ± %.2g", s.Std)
	}
	return report.Cell{Ours: text}, nil
}

// tasksOfRuns are the tasks of some trainings, each once.
func tasksOfRuns(runs []study.KernelRun) (out []string) {
	for _, r := range runs {
		out = append(out, r.Task)
	}
	return distinct(out)
}
