package study

import (
	"context"
	"fmt"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/task"
	"lpft/lpftlib/tokenizer"
)

// Encode tokenises examples with the session's tokenizer and maximum length.
func (s *Session) Encode(ctx context.Context, examples []task.Example) ([]encoder.Encoding, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	texts := make([]tokenizer.Text, len(examples))
	for i, e := range examples {
		texts[i] = tokenizer.Text{A: e.A, B: e.B, Pair: e.Pair}
	}
	out := make([]encoder.Encoding, len(texts))
	for i, e := range m.Tokenizer.EncodeAll(texts, min(s.Profile.MaxLen, m.Config.MaxTokens())) {
		out[i] = encoder.Encoding{IDs: e.IDs, TypeIDs: e.TypeIDs}
	}
	return out, nil
}

// set tokenises a split with its labels.
func (s *Session) set(ctx context.Context, examples []task.Example) (finetune.Set, error) {
	texts, err := s.Encode(ctx, examples)
	if err != nil {
		return finetune.Set{}, err
	}
	return finetune.Set{Texts: texts, Labels: Labels(examples)}, nil
}

// Labels are the examples' class ids.
func Labels(examples []task.Example) []int {
	out := make([]int, len(examples))
	for i, e := range examples {
		out[i] = e.Label
	}
	return out
}

// Splits in the order in which features are stored.
var splits = []string{"train", "val", "test"}

// splitOf picks a split; a test-only task has empty training and validation splits.
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
