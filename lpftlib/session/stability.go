package session

import (
	"context"
	"fmt"

	"lpft/lpftlib/finetune"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const (
	stabilityVersion = 1
	strengthsVersion = 1
)

// stabilityStops are the stopping rules that are compared: the minimiser and the paper's version of scikit-learn.
var stabilityStops = []probe.Stop{probe.StopExact, probe.StopSklearn10}

// stabilityInputs is everything the probes of one row order depend on.
type stabilityInputs struct {
	Features        string       `json:"features"`
	Order           uint64       `json:"order"`
	Folds           []int        `json:"folds"`
	Stops           []probe.Stop `json:"stops"`
	PaperCompatible bool         `json:"paper_compatible"`
}

// stabilityStep is linear probing with the rows in one order.
func (s *Session) stabilityStep(ctx context.Context, id string, order uint64) (store.Step, error) {
	if s.Profile.Beyond == nil {
		return store.Step{}, fmt.Errorf("profile %s has no settings for what goes beyond the paper: give it a key \"beyond\"", s.Profile.Name)
	}
	key, err := s.keyOf(s.pretrainedStep(ctx, id))
	return store.Step{Kind: "stability", Version: stabilityVersion, Label: fmt.Sprintf("probes of %s, row order %d", id, order),
		Inputs: stabilityInputs{key, order, s.Profile.Beyond.Folds, stabilityStops, s.Profile.PaperCompatible}}, err
}

// Stability fits the linear probe with the training rows in the order that a seed gives, for each number of folds of the
// profile and each stopping rule.
func (s *Session) Stability(ctx context.Context, id string, order uint64) (*study.Stability, error) {
	var f *Features
	step, err := s.stabilityStep(ctx, id, order)
	return made(ctx, s, id, &order, "stability.json", step, err, func(ctx context.Context) (err error) {
		f, err = s.PretrainedFeatures(ctx, id)
		return err
	}, func(ctx context.Context) (*study.Stability, error) {
		return s.stability(ctx, id, f, step.Inputs.(stabilityInputs), step.Label)
	})
}

func (s *Session) stability(ctx context.Context, id string, f *Features, in stabilityInputs, label string) (*study.Stability, error) {
	d, m, _, err := s.parts(ctx, id)
	if err != nil {
		return nil, err
	}
	classes := len(d.Task.Classes)
	bar := progress.Start(s.opt.Progress, label, len(in.Folds)*len(in.Stops), "probes")
	defer bar.Done()
	out := &study.Stability{Task: id, Order: in.Order, Random: finetune.NewHead(classes, m.Config.Hidden, m.Config.InitRange, in.Order).Norm()}
	x, y := shuffled(f, in.Order)
	for _, stop := range in.Stops {
		for _, folds := range in.Folds {
			lp, err := probe.Fit(ctx, x, y, classes, probe.Options{Folds: folds, Stop: stop, PaperCompatible: in.PaperCompatible})
			if err != nil {
				return nil, fmt.Errorf("%d folds, %s: %w", folds, stop, err)
			}
			accuracy, err := measure.Accuracy(lp.Head.Logits(f.Splits["test"]), f.Labels["test"])
			if err != nil {
				return nil, err
			}
			out.Fits = append(out.Fits, study.ProbeFit{Folds: folds, Stop: string(stop), Kappa: lp.Kappa, Norm: lp.Head.Norm(), Accuracy: accuracy,
				Kappas: lp.Kappas, Scores: lp.Scores, Near: study.NearBest(lp.FoldScores)})
			bar.Set(len(out.Fits), "")
		}
	}
	return out, nil
}

// strengthsStep is the head of every κ of the grid.
func (s *Session) strengthsStep(ctx context.Context, id string) (store.Step, error) {
	key, err := s.keyOf(s.pretrainedStep(ctx, id))
	return store.Step{Kind: "strengths", Version: strengthsVersion, Label: "heads of " + id + " for every κ",
		Inputs: map[string]any{"features": key, "kappas": probe.DefaultKappas(), "paper_compatible": s.Profile.PaperCompatible}}, err
}

// Strengths are the minimisers for every κ of the grid on all training rows, with no folds to choose among them.
func (s *Session) Strengths(ctx context.Context, id string) ([]study.ProbeStrength, error) {
	var f *Features
	step, err := s.strengthsStep(ctx, id)
	return made(ctx, s, id, nil, "strengths.json", step, err, func(ctx context.Context) (err error) {
		f, err = s.PretrainedFeatures(ctx, id)
		return err
	}, func(ctx context.Context) (out []study.ProbeStrength, err error) {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, kappa := range probe.DefaultKappas() {
			one, err := strengthOf(ctx, f, len(d.Task.Classes), kappa, s.Profile.PaperCompatible)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		return out, nil
	})
}

// strengthOf is the head of one κ. A grid of one value leaves the folds nothing to choose, so there are as few as can be.
func strengthOf(ctx context.Context, f *Features, classes int, kappa float64, paperCompatible bool) (out study.ProbeStrength, err error) {
	lp, err := probe.Fit(ctx, f.Splits["train"], f.Labels["train"], classes, probe.Options{Kappas: []float64{kappa}, Folds: 2, PaperCompatible: paperCompatible})
	if err != nil {
		return out, err
	}
	out = study.ProbeStrength{Kappa: kappa, Norm: lp.Head.Norm()}
	for _, on := range []struct {
		to    *float64
		split string
	}{{&out.Train, "train"}, {&out.Accuracy, "test"}} {
		if *on.to, err = measure.Accuracy(lp.Head.Logits(f.Splits[on.split]), f.Labels[on.split]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// PlanStability is what [Session.Stability] of some row orders and [Session.Strengths] would take on tasks.
func (s *Session) PlanStability(ctx context.Context, ids []string, orders []uint64) ([]Planned, error) {
	p := s.newPlan()
	for _, id := range ids {
		features, err := p.pretrained(ctx, id)
		if err != nil {
			return nil, err
		}
		step, err := s.strengthsStep(ctx, id)
		if _, err = p.add(step, err, Planned{Disk: 1 << 12, Needs: []string{features}, Unit: Unit{FeaturesUnit, id}, Do: func(ctx context.Context) error {
			_, err := s.Strengths(ctx, id)
			return err
		}}); err != nil {
			return nil, err
		}
		for _, order := range orders {
			step, err := s.stabilityStep(ctx, id, order)
			if _, err = p.add(step, err, Planned{Disk: 1 << 13, Needs: []string{features}, Unit: Unit{FeaturesUnit, id}, Do: func(ctx context.Context) error {
				_, err := s.Stability(ctx, id, order)
				return err
			}}); err != nil {
				return nil, err
			}
		}
	}
	return Join(p.steps), nil
}
