package main

import (
	"context"
	"os"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/task"
	"lpft/lpftlib/tokenizer"
)

// loadModel reads a model folder's configuration, tokenizer and weights, and says what was
// converted.
func loadModel(dir string) (*encoder.Weights, *tokenizer.Tokenizer, error) {
	cfg, err := encoder.ReadConfig(dir)
	if err != nil {
		return nil, nil, err
	}
	tok, err := tokenizer.Load(dir)
	if err != nil {
		return nil, nil, err
	}
	weights, err := encoder.LoadWeights(dir, cfg)
	if err != nil {
		return nil, nil, err
	}
	for _, note := range weights.Notes {
		say(note)
	}
	return weights, tok, nil
}

// loadTask reads a task from --data, else from LPFT_DATA, else from the Hub.
func loadTask(ctx context.Context, id, dir string) (*task.Data, error) {
	if dir == "" {
		dir = os.Getenv("LPFT_DATA")
	}
	return task.Load(ctx, id, task.Options{Dir: dir})
}

// openBackend opens the engine and says which.
func openBackend(spec string) (*backend.Backend, error) {
	be, err := backend.Open(spec)
	if err != nil {
		return nil, err
	}
	say(be.Why)
	return be, nil
}

// textsOf are the examples' texts.
func textsOf(examples []task.Example) []tokenizer.Text {
	out := make([]tokenizer.Text, len(examples))
	for i, e := range examples {
		out[i] = tokenizer.Text{A: e.A, B: e.B, Pair: e.Pair}
	}
	return out
}
