package session

import (
	"context"

	"lpft/lpftlib/study"
)

// PlanPlaces is what [Session.Places] of some trainings would take: a training, and the test rows through the encoder before
// and after it.
func (s *Session) PlanPlaces(ctx context.Context, runs []study.KernelRun) ([]Planned, error) {
	p := s.newPlan()
	for _, run := range runs {
		head, kernel, err := p.startOf(ctx, run.Spec)
		if err != nil {
			return nil, err
		}
		step, err := s.placesStep(ctx, run)
		if err != nil {
			return nil, err
		}
		in := step.Inputs.(startInputs)
		_, train, err := s.kernelRunTokens(ctx, in.kernelRunInputs, run.Task)
		if err != nil {
			return nil, err
		}
		tests, err := s.testTokens(ctx, run.Task, in.TestRows)
		if err != nil {
			return nil, err
		}
		if _, err := p.add(step, nil, Planned{Tokens: train + 2*tests, Disk: 1 << 14, Needs: append(head, kernel), Unit: Unit{Kind: BeyondUnit}, Do: func(ctx context.Context) error {
			_, err := s.Places(ctx, run)
			return err
		}}); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}

// startOf adds what a training starts from: its head and its kernel.
func (p *plan) startOf(ctx context.Context, run study.Spec) (head []string, kernel string, err error) {
	if head, err = p.startHead(ctx, run); err != nil {
		return nil, "", err
	}
	kernel, err = p.kernelAlone(ctx, run, head)
	return head, kernel, err
}

// testTokens are the tokens of some test rows.
func (s *Session) testTokens(ctx context.Context, id string, rows int) (float64, error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return 0, err
	}
	all, err := s.splitTokens(ctx, id, "test")
	return all * float64(rows) / float64(len(d.Test)), err
}

// PlanFreezing is what [Session.Freezing] of some trainings would take: a training for each part and one of all.
func (s *Session) PlanFreezing(ctx context.Context, runs []study.KernelRun) ([]Planned, error) {
	p := s.newPlan()
	for _, run := range runs {
		head, kernel, err := p.startOf(ctx, run.Spec)
		if err != nil {
			return nil, err
		}
		needs := []string{kernel}
		for _, part := range append(study.Parts(), "") {
			key, err := p.trajectory(ctx, frozen(run, part), head)
			if err != nil {
				return nil, err
			}
			needs = append(needs, key)
		}
		step, err := s.freezingStep(ctx, run)
		if _, err := p.add(step, err, Planned{Disk: 1 << 13, Needs: needs, Unit: Unit{Kind: BeyondUnit}, Do: func(ctx context.Context) error {
			_, err := s.Freezing(ctx, run)
			return err
		}}); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}
