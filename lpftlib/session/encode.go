package session

import (
	"context"
	"fmt"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
	"lpft/lpftlib/tokenizer"
)

// Texts are a task's split tokenised with the session's tokenizer and maximum length: once a
// session, for features, training and kernels alike.
func (s *Session) Texts(ctx context.Context, id, split string) ([]encoder.Encoding, error) {
	key := [2]string{id, split}
	s.mu.Lock()
	texts, known := s.texts[key]
	s.mu.Unlock()
	if known {
		return texts, nil
	}
	examples, err := s.Examples(ctx, id, split)
	if err != nil {
		return nil, err
	}
	if texts, err = s.encode(ctx, examples); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[key] = texts
	return texts, nil
}

// someTexts are some rows of a split.
func (s *Session) someTexts(ctx context.Context, id, split string, rows []int) ([]encoder.Encoding, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	all, err := s.Texts(ctx, id, split)
	if err != nil {
		return nil, err
	}
	return pick(all, rows), nil
}

// encode tokenises examples.
func (s *Session) encode(ctx context.Context, examples []task.Example) ([]encoder.Encoding, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	return m.Tokenizer.EncodeAll(texts(examples), min(s.Profile.MaxLen, m.Config.MaxTokens())), nil
}

// texts are the examples without their labels.
func texts(examples []task.Example) []tokenizer.Text {
	out := make([]tokenizer.Text, len(examples))
	for i, e := range examples {
		out[i] = tokenizer.Text{A: e.A, B: e.B, Pair: e.Pair}
	}
	return out
}

// set is a split's texts with their labels.
func (s *Session) set(ctx context.Context, id, split string) (finetune.Set, error) {
	examples, err := s.Examples(ctx, id, split)
	if err != nil {
		return finetune.Set{}, err
	}
	texts, err := s.Texts(ctx, id, split)
	return finetune.Set{Texts: texts, Labels: study.Labels(examples)}, err
}

// pick takes some elements, in the order of rows.
func pick[T any](all []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = all[row]
	}
	return out
}

// Splits in the order in which features are stored.
var splits = []string{"train", "val", "test"}

// Examples are the rows of a split; a test-only task has no training and validation rows.
func (s *Session) Examples(ctx context.Context, id, split string) ([]task.Example, error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return nil, err
	}
	return splitOf(d, split)
}

// splitOf picks a split, which may be empty.
func splitOf(d *task.Data, name string) ([]task.Example, error) {
	switch name {
	case "train":
		return d.Train, nil
	case "val":
		return d.Val, nil
	case "test":
		return d.Test, nil
	}
	return nil, fmt.Errorf("split %q is not known: there are train, val, test", name)
}
