package study

import (
	"context"
	"fmt"
	"strings"

	"lpft/lpftlib/task"
)

// StudyNotes are what a reader must know before believing a number: the model is not the
// paper's, the data stand in for others or are built in, sets are cut. They concern the tasks named, or all
// of the session's.
func (s *Session) StudyNotes(ctx context.Context, tasks ...string) ([]string, error) {
	var notes []string
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	if name := m.StandIn(); name != "" {
		notes = append(notes, fmt.Sprintf("model %s, the paper uses roberta-base: another model, orderings only", name))
	}
	if len(tasks) == 0 {
		if tasks, err = s.Tasks(ctx); err != nil {
			return nil, err
		}
	}
	var training, test cuts
	for _, id := range tasks {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		if note := standInNote(id, d.Task); note != "" {
			notes = append(notes, note)
		}
		rows, tested := s.Profile.rows(id)
		training.add(id, rows, d.Cut.Train)
		test.add(id, tested, d.Cut.Test)
	}
	notes = append(notes, training.notes("only the first %d rows of the training files of %s")...)
	return append(notes, test.notes("only %d test rows of %s")...), nil
}

// standInNote says that a task's data are not the paper's.
func standInNote(id string, t *task.Task) string {
	switch {
	case t.BuiltIn():
		return fmt.Sprintf("task %s is built into lpft: generated sentences, not the paper's data", id)
	case t.StandIn != "":
		return fmt.Sprintf("task %s is a stand-in: %s", id, strings.TrimSuffix(t.StandIn, "."))
	}
	return ""
}

// cuts are sets of which a profile takes some rows only, by the number that it takes.
type cuts struct {
	order []int
	sets  map[int][]string
}

// add enters a set that was cut to `rows` of `all` rows; either is 0 where nothing was cut.
func (c *cuts) add(id string, rows, all int) {
	if rows == 0 || all == 0 {
		return
	}
	if c.sets == nil {
		c.sets = map[int][]string{}
	}
	if c.sets[rows] == nil {
		c.order = append(c.order, rows)
	}
	c.sets[rows] = append(c.sets[rows], fmt.Sprintf("%s (of %d)", id, all))
}

func (c *cuts) notes(format string) (out []string) {
	for _, rows := range c.order {
		out = append(out, fmt.Sprintf(format, rows, strings.Join(c.sets[rows], ", ")))
	}
	return out
}
