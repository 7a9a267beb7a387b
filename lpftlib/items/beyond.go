package items

import (
	"context"
	"math"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// beyond is the part of the report whose questions the paper leaves open (docs/beyond.md).
const beyond = "Beyond the paper"

// beyondSeeds are those of the trainings here, of which a profile may have more than of its other runs.
func beyondSeeds(p *study.Profile) []uint64 {
	if p.Beyond == nil {
		return p.Seeds
	}
	return p.Beyond.SeedsOr(p.Seeds)
}

// rowOrders are the seeds that linear probes' rows are ordered by.
func rowOrders(p *study.Profile) []uint64 {
	if p.Beyond == nil {
		return p.Seeds
	}
	return p.Beyond.Orders
}

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

// eachRun is what a verb of the session makes of every training that is wanted.
func eachRun[T any](wanted func(study.KernelRun) bool, verb func(*session.Session, context.Context, study.KernelRun) (T, error)) func(context.Context, *session.Session) ([]T, error) {
	return func(ctx context.Context, s *session.Session) ([]T, error) {
		runs, err := beyondRuns(ctx, s, wanted)
		if err != nil {
			return nil, err
		}
		var out []T
		for _, run := range runs {
			one, err := verb(s, ctx, run)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		return out, nil
	}
}

// ofRun is what was found out about a training.
type ofRun interface{ Run() study.KernelRun }

// setting is what trainings share that differ in the seed alone.
type setting struct {
	task   string
	method study.Method
	by     string
}

func settingOf(one ofRun) setting { return setting{one.Run().Task, one.Run().Method, one.Run().By()} }

// bySetting puts those together that differ in the seed alone, in the order of the first of each.
func bySetting[T ofRun](all []T) (groups [][]T) {
	at := map[setting]int{}
	for _, one := range all {
		i, there := at[settingOf(one)]
		if !there {
			i = len(groups)
			at[settingOf(one)] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], one)
	}
	return groups
}

// seedsOf counts the seeds of some trainings.
func seedsOf[T ofRun](all []T) int {
	seeds := map[uint64]bool{}
	for _, one := range all {
		seeds[one.Run().Seed] = true
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
	digits := threeDigits(s.Mean)
	text := report.Fixed(s.Mean, digits)
	if s.N > 1 {
		std := s.Std
		if std < 0.5*math.Pow10(-digits) {
			std = 0 // of the mean's digits none differs
		}
		text += " ± " + report.Fixed(std, digits)
	}
	return report.Cell{Ours: text}, nil
}

// threeDigits is how many digits after the point leave three that say something: a column here may span orders of magnitude.
func threeDigits(v float64) int {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 2
	}
	return min(max(2-int(math.Floor(math.Log10(math.Abs(v)))), 0), 6)
}

// seedsRow is a row of means over the seeds of a setting; a number that is undefined for a seed is nil.
func seedsRow[T ofRun](seeds []T, first []report.Cell, values ...func(T) *float64) (report.Row, error) {
	run := seeds[0].Run()
	row := report.Row{Dataset: run.Task, Method: run.Method.Title(), Cells: first}
	for _, value := range values {
		var list []float64
		for _, one := range seeds {
			if v := value(one); v != nil {
				list = append(list, *v)
			}
		}
		cell, err := overSeeds(list)
		if err != nil {
			return row, err
		}
		row.Cells = append(row.Cells, cell)
	}
	return row, nil
}

// tasksOfRuns are the tasks of some trainings, each once.
func tasksOfRuns[T ofRun](all []T) (out []string) {
	for _, one := range all {
		out = append(out, one.Run().Task)
	}
	return distinct(out)
}
