package session

import (
	"context"
	"path/filepath"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
	"lpft/lpftlib/tokenizer"
)

// Small is a generated two-layer model with a few rows of the built-in task: small enough for
// kernels that take h reverse passes (the theory notebook on Proposition 1).
type Small struct {
	Weights     *encoder.Weights
	Train, Test []encoder.Encoding
	Labels      []int // of Train
	Classes     int
}

// Small makes the model and takes n training and m test rows.
func (s *Session) Small(ctx context.Context, n, m int) (*Small, error) {
	cp, err := tinyCheckpoint(filepath.Join(s.opt.Home, "models", "tiny"))
	if err != nil {
		return nil, err
	}
	cfg, err := encoder.ReadConfig(cp.Dir)
	if err != nil {
		return nil, err
	}
	out := &Small{}
	if out.Weights, err = encoder.LoadWeights(cp.Dir, cfg); err != nil {
		return nil, err
	}
	tok, err := tokenizer.Load(cp.Dir)
	if err != nil {
		return nil, err
	}
	d, err := task.Load(ctx, "toy", task.Options{})
	if err != nil {
		return nil, err
	}
	const maxLen = 24
	out.Train, out.Test = tok.EncodeAll(texts(d.Train[:n]), maxLen), tok.EncodeAll(texts(d.Test[:m]), maxLen)
	out.Labels, out.Classes = study.Labels(d.Train[:n]), len(d.Task.Classes)
	return out, nil
}
