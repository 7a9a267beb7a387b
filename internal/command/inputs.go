package command

import (
	"context"
	"os"
	"strings"

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

// taskHelp is the help of a flag that names one task.
func taskHelp() string {
	return "task id (" + strings.Join(task.IDs(), ", ") + "), or a task file of your own"
}

// isTaskFile tells a task file's path from a task's id.
func isTaskFile(name string) bool { return strings.HasSuffix(name, ".json") }

// checkTask refuses an id that is not known; a task file is read by loadTask.
func checkTask(name string) error {
	if isTaskFile(name) {
		return nil
	}
	_, err := task.Get(name)
	return err
}

// loadTask reads a task file of the user's own, or a task from --data, else from LPFT_DATA, else
// from the Hub.
func loadTask(ctx context.Context, id, dir string) (*task.Data, error) {
	if isTaskFile(id) {
		return task.LoadFile(ctx, id, task.Options{})
	}
	if dir == "" {
		dir = os.Getenv("LPFT_DATA")
	}
	return task.Load(ctx, id, task.Options{Dir: dir})
}

// textsOf are the examples' texts.
func textsOf(examples []task.Example) []tokenizer.Text {
	out := make([]tokenizer.Text, len(examples))
	for i, e := range examples {
		out[i] = tokenizer.Text{A: e.A, B: e.B, Pair: e.Pair}
	}
	return out
}
