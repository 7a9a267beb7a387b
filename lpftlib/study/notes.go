package study

import (
	"context"
	"fmt"
)

// StudyNotes are what a reader must know before believing a number: the model is not the
// paper's, the data is a stand-in or built in, the profile is not the paper's.
func (s *Session) StudyNotes(ctx context.Context) ([]string, error) {
	var notes []string
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	if name := m.StandIn(); name != "" {
		notes = append(notes, fmt.Sprintf("model %s, the paper uses roberta-base: another model, orderings only", name))
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		if d.Task.BuiltIn() {
			notes = append(notes, fmt.Sprintf("task %s is built into lpft: generated sentences, not the paper's data", id))
		} else if d.Task.StandIn != "" {
			notes = append(notes, fmt.Sprintf("task %s is a stand-in: %s", id, d.Task.StandIn))
		}
		train, test := s.Profile.rows(id)
		if train > 0 && d.Cut.Train > 0 {
			notes = append(notes, fmt.Sprintf("task %s: only the first %d of %d rows of the training file", id, train, d.Cut.Train))
		}
		if test > 0 && d.Cut.Test > 0 {
			notes = append(notes, fmt.Sprintf("task %s: only %d of %d test rows", id, test, d.Cut.Test))
		}
	}
	return notes, nil
}
