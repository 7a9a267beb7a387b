package lpftlib

import (
	"context"

	"lpft/lpftlib/study"
	"lpft/lpftlib/worker"
)

// The methods, so that a cell needs one import for them.
const (
	Pretrained = study.Pretrained
	LP         = study.LP
	FT         = study.FT
	LPFT       = study.LPFT
	LoRA       = study.LoRA
	LPLoRA     = study.LPLoRA
)

// Method is a way to adapt the pre-trained model.
type Method = study.Method

// Study is an open study.
type Study struct {
	Profile *study.Profile // with the seeds that this study has
	Seeds   []uint64
	Methods []Method

	params     Params
	overridden []string // variables of the environment that won over the parameters
	client     *worker.Client
	ctx        context.Context
}

// ask has the worker do something. Where that fails, the cell ends.
func ask[A, R any](s *Study, verb worker.Verb[A, R], args A) R {
	return Must(worker.Call(s.ctx, s.client, verb, args))
}

// Task takes a task of the study by its id.
func (s *Study) Task(id string) *Task {
	return s.task(ask(s, worker.OneTask, worker.TaskArgs{Task: id}))
}

func (s *Study) task(t worker.Task) *Task {
	return &Task{ID: t.ID, Classes: t.Classes, study: s, about: t}
}

// Tasks are all tasks of the study.
func (s *Study) Tasks() []*Task {
	var out []*Task
	for _, t := range ask(s, worker.Tasks, worker.None{}) {
		out = append(out, s.task(t))
	}
	return out
}

// Measures measures methods on every task and seed of the study, on the tasks' own test sets: the rows of [Table].
func (s *Study) Measures(methods ...Method) []study.Measures {
	var rows []study.Measures
	for _, t := range s.Tasks() {
		for _, m := range methods {
			for _, seed := range s.Seeds {
				rows = append(rows, t.Measure(m, seed))
			}
		}
	}
	return rows
}

// Item is a table or figure of the paper as the report has it, with its verdict.
type Item = worker.Item

// Item builds a table or figure of the paper. What must be computed first is announced.
func (s *Study) Item(id string) *Item {
	args := worker.ItemArgs{ID: id, Colors: s.params.Colors}
	if about := ask(s, worker.Announce, args); about.Text != "" {
		Display(labelled{about.Title, about.Text})
	}
	return ask(s, worker.MakeItem, args)
}
