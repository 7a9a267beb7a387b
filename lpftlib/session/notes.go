package session

import (
	"context"
	"fmt"
	"strings"

	"lpft/lpftlib/task"
)

// Notes are what a reader must know before believing a number: the model is not the paper's, the
// data stand in for others or are built in, sets are cut.
type Notes struct {
	model string // "" for the paper's model
	tasks map[string]taskNote
}

// taskNote is what is to be known of one task.
type taskNote struct {
	standIn          string
	rows, ofRows     int // training rows taken, of how many; 0: all
	testRows, ofTest int
}

// Notes reads what is to be known of the session's model and of some tasks.
func (s *Session) Notes(ctx context.Context, tasks []string) (*Notes, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	out := &Notes{tasks: map[string]taskNote{}}
	if name := m.StandIn(); name != "" {
		out.model = fmt.Sprintf("model %s, the paper uses roberta-base: another model, orderings only", name)
	}
	for _, id := range tasks {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		note := taskNote{standIn: standInNote(id, d.Task), ofRows: d.Cut.Train, ofTest: d.Cut.Test}
		note.rows, note.testRows = s.Profile.Rows(id)
		out.tasks[id] = note
	}
	return out, nil
}

// StudyNotes are the notes on the session's model and all its tasks.
func (s *Session) StudyNotes(ctx context.Context) ([]string, error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	notes, err := s.Notes(ctx, ids)
	if err != nil {
		return nil, err
	}
	return notes.About(ids...), nil
}

// About are the notes on the model and on some of the tasks that the notes were read of.
func (n *Notes) About(tasks ...string) []string {
	var out []string
	if n.model != "" {
		out = append(out, n.model)
	}
	var training, test cuts
	for _, id := range tasks {
		note := n.tasks[id]
		if note.standIn != "" {
			out = append(out, note.standIn)
		}
		training.add(id, note.rows, note.ofRows)
		test.add(id, note.testRows, note.ofTest)
	}
	out = append(out, training.notes("only the first %d rows of the training files of %s")...)
	return append(out, test.notes("only %d test rows of %s")...)
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
