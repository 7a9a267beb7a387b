package session

import (
	"context"
	"fmt"
	"slices"

	"lpft/kernels"
	"lpft/kernels/ntk"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const movementVersion = 2 // the kernel at the start is that of the store, with test rows beside

// movementInputs is everything the kernels of a training depend on, the first of which is that of the training's start.
type movementInputs struct {
	startInputs
	Embedding string `json:"embedding"`
}

// movementStep is a training on a kernel's rows with the kernel computed at the end of every epoch.
func (s *Session) movementStep(ctx context.Context, run study.KernelRun) (store.Step, error) {
	in, err := s.kernelRunInputs(ctx, run)
	if err != nil {
		return store.Step{}, err
	}
	kernel, err := s.keyOf(s.kernelStep(ctx, run.Spec))
	return store.Step{Kind: "movement", Version: movementVersion, Label: "kernels of " + run.String(),
		Inputs: movementInputs{startInputs{in, kernel}, s.Profile.Embedding}}, err
}

// Movement trains on a kernel's rows and compares the kernel after every epoch with that at the start and with the
// labels.
func (s *Session) Movement(ctx context.Context, run study.KernelRun) (*study.Movement, error) {
	var start *kernels.NTK
	var job *kernelJob
	step, err := s.movementStep(ctx, run)
	return made(ctx, s, run.Task, &run.Seed, "movement.json", step, err, func(ctx context.Context) (err error) {
		if start, err = s.KernelArrays(ctx, run.Spec); err == nil {
			job, err = s.kernelJob(ctx, run, step.Inputs.(movementInputs).kernelRunInputs)
		}
		return err
	}, func(ctx context.Context) (*study.Movement, error) { return s.movement(ctx, job, start, step.Label) })
}

func (s *Session) movement(ctx context.Context, j *kernelJob, start *kernels.NTK, label string) (*study.Movement, error) {
	d, err := s.Data(ctx, j.run.Task)
	if err != nil {
		return nil, err
	}
	c := &changes{start: start, before: start, severalClasses: len(slices.Compact(slices.Sorted(slices.Values(j.rows.Labels)))) > 1}
	if c.target, err = kernels.Target(j.rows.Labels, len(d.Task.Classes)); err != nil {
		return nil, err
	}
	out := &study.Movement{KernelRun: j.run, Recipe: j.in.Recipe}
	err = s.watched(ctx, j, label, func(ctx context.Context, m *finetune.Moment) error {
		if m.Step%m.StepsPerEpoch != 0 {
			return nil
		}
		k := start
		if m.Step > 0 {
			var err error
			if k, err = s.kernelAt(ctx, j, m); err != nil {
				return fmt.Errorf("kernel after epoch %d: %w", m.Step/m.StepsPerEpoch, err)
			}
		}
		point, err := c.point(k)
		point.Epoch = m.Step / m.StepsPerEpoch
		out.Points = append(out.Points, point)
		return err
	})
	return out, err
}

// kernelAt is the kernel of the training rows for the model as it stands.
func (s *Session) kernelAt(ctx context.Context, j *kernelJob, m *finetune.Moment) (*kernels.NTK, error) {
	weights, lora, head, err := m.Model()
	if err != nil {
		return nil, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	programs, err := s.kernelPrograms()
	if err != nil {
		return nil, err
	}
	k, err := ntk.Compute(ctx, &ntk.Model{Weights: weights, LoRA: lora}, head, j.Train.Texts, nil, ntk.Options{
		Backend: be, Programs: programs, Embedding: ntk.EmbeddingMode(s.Profile.Embedding), Seed: j.run.Seed})
	if err != nil {
		return nil, err
	}
	return &k.NTK, k.Check()
}

// changes compares the kernels of a training, one after the other.
type changes struct {
	severalClasses bool // else no kernel is aligned with the labels
	target         *kernels.Kernel
	start, before  *kernels.NTK
}

// point compares a kernel with those before it.
func (c *changes) point(k *kernels.NTK) (p study.MovementPoint, err error) {
	for _, part := range []struct {
		to               *study.KernelMove
		k, start, before *kernels.Kernel
	}{{&p.P, k.P, c.start.P, c.before.P}, {&p.F, k.F, c.start.F, c.before.F}, {&p.Theta, k.Theta, c.start.Theta, c.before.Theta}} {
		if *part.to, err = c.move(part.k, part.start, part.before); err != nil {
			return p, err
		}
	}
	var groups []*kernels.Kernel
	for i, g := range k.Groups {
		move, err := c.move(g.Train, c.start.Groups[i].Train, c.before.Groups[i].Train)
		if err != nil {
			return p, fmt.Errorf("%s: %w", g.Name, err)
		}
		p.Groups, groups = append(p.Groups, study.GroupMove{Name: g.Name, KernelMove: move}), append(groups, g.Train)
	}
	shares, err := kernels.TraceShares(groups)
	for i, share := range shares {
		p.Groups[i].Share = share
	}
	c.before = k
	return p, err
}

// move is one kernel beside its start, the one before it, and the labels.
func (c *changes) move(k, start, before *kernels.Kernel) (m study.KernelMove, err error) {
	if m.Start, err = kernels.CKA(k, start); err != nil {
		return m, err
	}
	if c.severalClasses {
		labels, err := kernels.CKA(k, c.target)
		if err != nil {
			return m, err
		}
		m.Labels = &labels
	}
	if m.Change, err = kernels.RelativeChange(k, start); err != nil {
		return m, err
	}
	step, err := kernels.RelativeChange(before, k)
	if err != nil {
		return m, err
	}
	m.Velocity = step * k.FrobeniusNorm() / start.FrobeniusNorm()
	values, err := kernels.SingularValues(k)
	if err != nil {
		return m, err
	}
	m.Rank, err = values.EffectiveRank()
	return m, err
}
