package session

import (
	"context"

	"lpft/lpftlib/study"
)

// PlanFollowing is what [Session.Following] of some trainings would take.
func (s *Session) PlanFollowing(ctx context.Context, runs []study.KernelRun) ([]Planned, error) {
	p := &plan{s: s, seen: map[string]bool{}}
	for _, run := range runs {
		if err := p.start(ctx, run.Spec); err != nil {
			return nil, err
		}
		if err := p.kernel(ctx, run.Spec); err != nil {
			return nil, err
		}
		step, err := s.trajectoryStep(ctx, run)
		if err != nil {
			return nil, err
		}
		in := step.Inputs.(kernelRunInputs)
		rows, train, err := s.kernelRunTokens(ctx, in, run.Task)
		if err != nil {
			return nil, err
		}
		records := len(study.RecordedSteps(in.Recipe.Epochs*in.Recipe.StepsPerEpoch(in.Rows))) + 1
		if err := p.add(step, nil, train+float64(records)*rows, 1<<18); err != nil {
			return nil, err
		}
		step, err = s.followingStep(ctx, run)
		if err := p.add(step, err, 0, 1<<14); err != nil {
			return nil, err
		}
	}
	return p.steps, nil
}

// PlanMovement is what [Session.Movement] of some trainings would take: a kernel of the training rows an epoch.
func (s *Session) PlanMovement(ctx context.Context, runs []study.KernelRun) ([]Planned, error) {
	p := &plan{s: s, seen: map[string]bool{}}
	for _, run := range runs {
		if err := p.start(ctx, run.Spec); err != nil {
			return nil, err
		}
		kernel, _, err := s.kernelCost(ctx, run.Task)
		if err != nil {
			return nil, err
		}
		step, err := s.movementStep(ctx, run)
		if err != nil {
			return nil, err
		}
		in := step.Inputs.(movementInputs)
		_, train, err := s.kernelRunTokens(ctx, in.kernelRunInputs, run.Task)
		if err != nil {
			return nil, err
		}
		kernel *= float64(in.Rows) / float64(in.Rows+in.TestRows)
		if err := p.add(step, nil, train+float64(in.Recipe.Epochs+1)*kernel, 1<<18); err != nil {
			return nil, err
		}
	}
	return p.steps, nil
}

// start adds what the head before a training is made from.
func (p *plan) start(ctx context.Context, run study.Spec) error {
	if !run.Method.StartsFromLP() {
		return nil
	}
	if err := p.pretrained(ctx, run.Task); err != nil {
		return err
	}
	step, err := p.s.probeStep(ctx, run.Task, run.Seed)
	return p.add(step, err, 0, 1<<14)
}

// kernelRunTokens are the tokens of a kernel's rows, training and test, and those of a training on them with an
// evaluation of the test rows before it and after every epoch.
func (s *Session) kernelRunTokens(ctx context.Context, in kernelRunInputs, id string) (rows, train float64, err error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	all, err := s.countTokens(ctx, d.Train)
	if err != nil {
		return 0, 0, err
	}
	tests, err := s.countTokens(ctx, d.Test)
	if err != nil {
		return 0, 0, err
	}
	trained, tested := all*float64(in.Rows)/float64(len(d.Train)), tests*float64(in.TestRows)/float64(len(d.Test))
	epochs := float64(in.Recipe.Epochs)
	return trained + tested, trainingToken*epochs*trained + (epochs+1)*tested, nil
}
