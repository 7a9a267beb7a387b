package session

import (
	"context"

	"lpft/lpftlib/study"
)

// PlanPlaces is what [Session.Places] of some trainings would take: a training, and the test rows through every number of
// blocks twice.
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
		layers, err := s.layersTokens(ctx, run.Task, in.TestRows)
		if err != nil {
			return nil, err
		}
		key, err := s.keyOf(step, nil)
		if err != nil {
			return nil, err
		}
		if _, err := p.add(step, nil, Planned{Tokens: train + layers, Disk: 1 << 14, Needs: append(head, kernel), Unit: Unit{BeyondUnit, key}, Do: func(ctx context.Context) error {
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

// layersTokens are the tokens of some test rows through 0, 1, … blocks before and after a training, on average through half
// of the encoder.
func (s *Session) layersTokens(ctx context.Context, id string, rows int) (float64, error) {
	d, m, _, err := s.parts(ctx, id)
	if err != nil {
		return 0, err
	}
	tests, err := s.splitTokens(ctx, id, "test")
	return float64(m.Config.Layers+1) * tests * float64(rows) / float64(len(d.Test)), err
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
		key, err := s.keyOf(step, err)
		if err != nil {
			return nil, err
		}
		if _, err := p.add(step, nil, Planned{Disk: 1 << 13, Needs: needs, Unit: Unit{BeyondUnit, key}, Do: func(ctx context.Context) error {
			_, err := s.Freezing(ctx, run)
			return err
		}}); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}
