package study

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/finetune"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
)

// Probe is linear probing: cross-validated logistic regression on the pre-trained features,
// rows in the order of the seed's first epoch (docs/protocol.md, Linear probing).
func (s *Session) Probe(ctx context.Context, id string, seed uint64) (*probe.Fitted, error) {
	d, _, be, err := s.parts(ctx, id)
	if err != nil {
		return nil, err
	}
	step, err := s.probeStep(ctx, id, seed)
	if err != nil {
		return nil, err
	}
	var f *Features
	before := func(ctx context.Context) (err error) {
		f, err = s.PretrainedFeatures(ctx, id)
		return err
	}
	a, err := s.once(ctx, step, before, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, &seed)
		x, y := shuffled(f, seed)
		bar := progress.Start(s.opt.Progress, step.Label, 1, "fits")
		defer bar.Done()
		head, err := probe.Fit(ctx, x, y, len(d.Task.Classes), s.probeOptions(func(done, total int) { bar.Resize(total); bar.Set(done, "") }))
		if err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		w.SetProvenance(prov.Finish())
		return w.WriteJSON("head.json", head)
	})
	if err != nil {
		return nil, err
	}
	head := &probe.Fitted{}
	return head, a.ReadJSON("head.json", head)
}

func (s *Session) probeOptions(report func(done, total int)) probe.Options {
	return probe.Options{PaperCompatible: s.Profile.PaperCompatible, Progress: report}
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

// PathStep is one point of linear probing's course: accuracy and norms after at most so many
// iterations (Figures 1 and 4).
type PathStep = probe.Step

// pathIterations are the maximum iterations of the course (docs/protocol.md, Courses and layouts).
var pathIterations = []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}

// pathStep is the course of a probe.
func (s *Session) pathStep(ctx context.Context, id string, seed uint64) (store.Step, error) {
	key, err := keyOf(s.probeStep(ctx, id, seed))
	return store.Step{Kind: "probe-path", Version: pathVersion, Label: fmt.Sprintf("LP course %s, seed %d", id, seed),
		Inputs: map[string]any{"probe": key, "iterations": pathIterations}}, err
}

// ProbePath refits the chosen probe with growing maximum iterations.
func (s *Session) ProbePath(ctx context.Context, id string, seed uint64) ([]PathStep, error) {
	d, _, be, err := s.parts(ctx, id)
	if err != nil {
		return nil, err
	}
	step, err := s.pathStep(ctx, id, seed)
	if err != nil {
		return nil, err
	}
	var head *probe.Fitted
	var f *Features
	before := func(ctx context.Context) (err error) {
		if head, err = s.Probe(ctx, id, seed); err == nil {
			f, err = s.PretrainedFeatures(ctx, id)
		}
		return err
	}
	a, err := s.once(ctx, step, before, func(ctx context.Context, w *store.Work) error {
		prov := s.provenance(be, step, d, &seed)
		x, y := shuffled(f, seed)
		path, err := probe.Path(ctx, x, y, len(d.Task.Classes), head.Kappa, pathIterations, s.probeOptions(nil))
		if err != nil {
			return fmt.Errorf("%s: %w", step.Label, err)
		}
		w.SetProvenance(prov.Finish())
		return w.WriteJSON("path.json", path)
	})
	if err != nil {
		return nil, err
	}
	var path []PathStep
	return path, a.ReadJSON("path.json", &path)
}
