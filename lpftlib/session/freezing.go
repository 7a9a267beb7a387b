package session

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/dynamics"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const freezingVersion = 1

// frozen is a training with a part of the encoder that stands still.
func frozen(run study.KernelRun, part string) study.KernelRun {
	run.Frozen = part
	return run
}

// freezingStep compares a training with those in which a part stands still.
func (s *Session) freezingStep(ctx context.Context, run study.KernelRun) (store.Step, error) {
	if run.Optimiser != stage.SGD || run.Frozen != "" {
		return store.Step{}, fmt.Errorf("%s: expected plain gradient descent of all parameters: the kernel predicts its steps, with and without a part", run)
	}
	trajectories := map[string]string{}
	for _, part := range append(study.Parts(), "") {
		key, err := s.keyOf(s.trajectoryStep(ctx, frozen(run, part)))
		if err != nil {
			return store.Step{}, err
		}
		trajectories[part] = key
	}
	kernel, err := s.keyOf(s.kernelStep(ctx, run.Spec))
	return store.Step{Kind: "freezing", Version: freezingVersion, Label: "parts frozen in " + run.String(),
		Inputs: map[string]any{"trajectories": trajectories, "kernel": kernel}}, err
}

// Freezing trains on a kernel's rows, as it is and with each part of the encoder frozen, and compares what that changes with
// what the kernel at the start predicts.
func (s *Session) Freezing(ctx context.Context, run study.KernelRun) (*study.Freezing, error) {
	var k *kernels.NTK
	trajectories := map[string]*study.Trajectory{}
	step, err := s.freezingStep(ctx, run)
	return made(ctx, s, run.Task, &run.Seed, "freezing.json", step, err, func(ctx context.Context) (err error) {
		if k, err = s.KernelArrays(ctx, run.Spec); err != nil {
			return err
		}
		for _, part := range append(study.Parts(), "") {
			if trajectories[part], err = s.Trajectory(ctx, frozen(run, part)); err != nil {
				return err
			}
		}
		return nil
	}, func(ctx context.Context) (*study.Freezing, error) {
		whole := trajectories[""]
		out := &study.Freezing{KernelRun: run, Recipe: whole.Recipe}
		predicted, err := endWithout(ctx, k, whole, "")
		if err != nil {
			return nil, err
		}
		for _, part := range study.Parts() {
			without, err := endWithout(ctx, k, whole, part)
			if err != nil {
				return nil, err
			}
			one, err := frozenPart(endOf(whole, k), endOf(trajectories[part], k), predicted, without)
			if err != nil {
				return nil, fmt.Errorf("%s frozen: %w", part, err)
			}
			one.Part = part
			out.Parts = append(out.Parts, one)
		}
		return out, nil
	})
}

// ends are logits of the training rows before and after a training.
type ends struct{ start, end *mat.Dense }

// endOf are those of a real training.
func endOf(t *study.Trajectory, k *kernels.NTK) ends {
	logits := func(i int) *mat.Dense { return mat.NewDense(k.F.N, k.F.C, t.Train[i]) }
	return ends{logits(0), logits(len(t.Train) - 1)}
}

// endWithout is what the kernel predicts of a training when the parameter groups of a part stand still; "" is none.
func endWithout(ctx context.Context, k *kernels.NTK, t *study.Trajectory, part string) (ends, error) {
	rest := k.P
	for _, g := range k.Groups {
		if partOf(g.Name) != part {
			rest = rest.Plus(g.Train)
		}
	}
	p := &dynamics.Problem{Train: rest, Logits: endOf(t, k).start, Labels: k.Labels}
	path, err := p.Descend(ctx, finetune.Batches(t.Recipe, k.F.N), t.Recipe.Clip)
	if err != nil {
		return ends{}, err
	}
	return ends{path.Train[0], path.Train[len(path.Train)-1]}, nil
}

// frozenPart compares a training (f) and the one without a part with their predictions (g).
func frozenPart(f, without, g, withoutG ends) (out study.FrozenPart, err error) {
	moved, effect := dynamics.Distance(f.end, f.start), dynamics.Distance(without.end, f.end)
	if !(moved > 0) || !(effect > 0) {
		return out, fmt.Errorf("logits moved by %g, and by %g less or more without the part: expected more than nothing", moved, effect)
	}
	var real, predicted mat.Dense
	real.Sub(without.end, f.end)
	predicted.Sub(withoutG.end, g.end)
	return study.FrozenPart{Effect: effect / moved, Predicted: mat.Norm(&predicted, 2) / dynamics.Distance(g.end, g.start),
		Error: dynamics.Distance(&real, &predicted) / effect}, nil
}
