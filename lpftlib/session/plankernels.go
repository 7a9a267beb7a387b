package session

import (
	"context"

	"lpft/lpftlib/study"
)

// PlanKernels is what kernels of some runs and their statistics would take. A kernel's cost is
// about C reverse passes over its rows and as much again for the Gram matrices.
func (s *Session) PlanKernels(ctx context.Context, runs []study.Spec) ([]Planned, error) {
	p := s.newPlan()
	for _, run := range runs {
		if err := p.kernel(ctx, run); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}

// kernel adds a run's kernel and what is shown of it.
func (p *plan) kernel(ctx context.Context, run study.Spec) error {
	s, unit := p.s, Unit{KernelsUnit, run.Task}
	features, err := p.pretrained(ctx, run.Task)
	if err != nil {
		return err
	}
	head, err := p.startHead(ctx, run)
	if err != nil {
		return err
	}
	kernel, err := p.kernelAlone(ctx, run, head)
	if err != nil {
		return err
	}
	step, err := s.pretrainStatStep(ctx, run.Task, run.Seed)
	ofP, err := p.add(step, err, Planned{Disk: 1 << 20, Needs: []string{features}, Unit: unit, Do: func(ctx context.Context) error {
		_, err := s.PretrainStats(ctx, run.Task, run.Seed)
		return err
	}})
	if err != nil {
		return err
	}
	step, err = s.kernelStatStep(ctx, run)
	_, err = p.add(step, err, Planned{Disk: 1 << 20, Needs: append(head, kernel, ofP), Unit: unit, Do: func(ctx context.Context) error {
		_, err := s.KernelStats(ctx, run)
		return err
	}})
	return err
}

// startHead adds what the head at the start of a run's FT stage is made from, and names it: nothing for a random head.
func (p *plan) startHead(ctx context.Context, run study.Spec) (needs []string, err error) {
	if !run.Method.StartsFromLP() {
		return nil, nil
	}
	key, err := p.probe(ctx, run.Task, run.Seed)
	return []string{key}, err
}

// kernelAlone adds a run's kernel, whose head is in the plan.
func (p *plan) kernelAlone(ctx context.Context, run study.Spec, head []string) (string, error) {
	s := p.s
	tokens, disk, err := s.kernelCost(ctx, run.Task)
	if err != nil {
		return "", err
	}
	step, err := s.kernelStep(ctx, run)
	return p.add(step, err, Planned{Tokens: tokens, Disk: disk, Needs: head, Unit: Unit{KernelsUnit, run.Task}, Do: func(ctx context.Context) error {
		_, err := s.Kernel(ctx, run)
		return err
	}})
}

// kernelCost is the tokens and bytes of a task's kernel.
func (s *Session) kernelCost(ctx context.Context, id string) (tokens float64, disk int64, err error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	test, err := s.splitTokens(ctx, id, "test")
	n := float64(min(s.Profile.NTKRows, len(d.Train)) + min(s.Profile.NTKRows, len(d.Test)))
	classes := float64(len(d.Task.Classes))
	return n * test / float64(len(d.Test)) * (1 + 2*classes) * 2, int64(n * n * classes * classes * 8 * 20), err
}
