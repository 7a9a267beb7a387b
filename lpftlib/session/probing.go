package session

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/finetune"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// Probe is linear probing: cross-validated logistic regression on the pre-trained features,
// rows in the order of the seed's first epoch (docs/protocol.md, Linear probing).
func (s *Session) Probe(ctx context.Context, id string, seed uint64) (*probe.Fitted, error) {
	var f *Features
	step, err := s.probeStep(ctx, id, seed)
	return made(ctx, s, id, &seed, "head.json", step, err, func(ctx context.Context) (err error) {
		f, err = s.PretrainedFeatures(ctx, id)
		return err
	}, func(ctx context.Context) (*probe.Fitted, error) {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		bar, report := s.fits(step.Label)
		defer bar.Done()
		x, y := shuffled(f, seed)
		return probe.Fit(ctx, x, y, len(d.Task.Classes), s.probeOptions(report))
	})
}

func (s *Session) probeOptions(report func(done, total int)) probe.Options {
	return probe.Options{PaperCompatible: s.Profile.PaperCompatible, Stop: s.Profile.Stop, Progress: report}
}

// stopOf is where linear probing ends if a method's head comes from it, as [Profile.stopRule] names it.
func (s *Session) stopOf(m study.Method) string {
	if m == study.LP || m.StartsFromLP() {
		return s.Profile.StopRule()
	}
	return ""
}

// StopNote says in words where linear probing ends.
func (s *Session) StopNote() string {
	if rule := s.Profile.StopRule(); rule != "" {
		return "where " + rule + " stops"
	}
	return "the minimiser"
}

// shuffled puts the training features in the order of the seed's first epoch.
func shuffled(f *Features, seed uint64) (*mat.Dense, []int) {
	x, y := f.Splits["train"], f.Labels["train"]
	n, h := x.Dims()
	out := mat.NewDense(n, h, nil)
	labels := make([]int, n)
	for i, row := range finetune.Order(seed, 0, n) {
		out.SetRow(i, x.RawRowView(row))
		labels[i] = y[row]
	}
	return out, labels
}

// pathIterations are the maximum iterations of the course (docs/protocol.md, Courses and layouts).
var pathIterations = []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}

// pathStep is the course of a probe.
func (s *Session) pathStep(ctx context.Context, id string, seed uint64) (store.Step, error) {
	key, err := s.keyOf(s.probeStep(ctx, id, seed))
	return store.Step{Kind: "probe-path", Version: pathVersion, Label: fmt.Sprintf("LP course %s, seed %d", id, seed),
		Inputs: map[string]any{"probe": key, "iterations": pathIterations}}, err
}

// ProbePath refits the chosen probe with growing maximum iterations.
func (s *Session) ProbePath(ctx context.Context, id string, seed uint64) ([]study.PathStep, error) {
	var lp *probe.Fitted
	var f *Features
	step, err := s.pathStep(ctx, id, seed)
	return made(ctx, s, id, &seed, "path.json", step, err, func(ctx context.Context) (err error) {
		if lp, err = s.Probe(ctx, id, seed); err == nil {
			f, err = s.PretrainedFeatures(ctx, id)
		}
		return err
	}, func(ctx context.Context) ([]study.PathStep, error) {
		x, y := shuffled(f, seed)
		return probe.Path(ctx, x, y, lp.Head.Classes(), lp.Kappa, pathIterations, s.probeOptions(nil))
	})
}
