package lpftlib

import (
	"context"

	"lpft/lpftlib/items"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
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
	Seeds   []uint64
	Methods []Method

	session    *session.Session
	ctx        context.Context
	colors     map[string]string
	overridden []string // variables of the environment that won over the parameters
}

// Session is the study as the packages below know it, with the cell's context: for what the verbs do not cover.
func (s *Study) Session() (*session.Session, context.Context) { return s.session, s.ctx }

// Task takes a task of the study by its id.
func (s *Study) Task(id string) *Task {
	d := Must(s.session.Data(s.ctx, id))
	return &Task{ID: id, Classes: d.Task.Classes, study: s}
}

// Tasks are all tasks of the study.
func (s *Study) Tasks() []*Task {
	var out []*Task
	for _, id := range Must(s.session.Tasks(s.ctx)) {
		out = append(out, s.Task(id))
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

// Item builds a table or figure of the paper as the report has it, with its verdict. What must be computed first is
// announced.
func (s *Study) Item(id string) *items.Built {
	item := Must(items.ByID(id))
	if text := Must(items.Announce(s.ctx, s.session, item)); text != "" {
		Display(labelled{item.Title, text})
	}
	return Must(item.Build(s.ctx, s.session, s.colors))
}
