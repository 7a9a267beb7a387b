package session

import (
	"context"

	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
)

// PlanFollowing is what [Session.Following] of some trainings would take.
func (s *Session) PlanFollowing(ctx context.Context, runs []study.KernelRun) ([]Planned, error) {
	p := s.newPlan()
	for _, run := range runs {
		if err := p.following(ctx, run); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}

// following adds a training with the kernel's prediction of it.
func (p *plan) following(ctx context.Context, run study.KernelRun) error {
	s := p.s
	head, kernel, err := p.startOf(ctx, run.Spec)
	if err != nil {
		return err
	}
	trajectory, err := p.trajectory(ctx, run, head)
	if err != nil {
		return err
	}
	tokens, err := s.tangentTokens(ctx, run)
	if err != nil {
		return err
	}
	step, err := s.followingStep(ctx, run)
	_, err = p.add(step, err, Planned{Tokens: tokens, Disk: 1 << 14, Needs: append([]string{kernel, trajectory}, head...), Unit: Unit{BeyondUnit, trajectory}, Do: func(ctx context.Context) error {
		_, err := s.Following(ctx, run)
		return err
	}})
	return err
}

// movePasses is how many forward passes the move JΔθ of a row's logits costs: the row's own, one with the layers' weights moved
// and one with their inputs moved.
const movePasses = 3

// tangentTokens are those of the linear model's training by Adam: a reverse pass of each mini-batch and the move of its logits,
// and the latter of all rows where logits are recorded.
func (s *Session) tangentTokens(ctx context.Context, run study.KernelRun) (float64, error) {
	if run.Optimiser == stage.SGD {
		return 0, nil
	}
	in, err := s.kernelRunInputs(ctx, run)
	if err != nil {
		return 0, err
	}
	trained, tested, err := s.kernelRowTokens(ctx, in, run.Task)
	if err != nil {
		return 0, err
	}
	records := len(recordedSteps(run, in.Recipe.Epochs*in.Recipe.StepsPerEpoch(in.Rows)))
	return float64(in.Recipe.Epochs)*trained*(trainingToken+movePasses) + float64(records)*(trained+tested)*movePasses, nil
}

// trajectory adds a training with its recorded logits, and returns its key.
func (p *plan) trajectory(ctx context.Context, run study.KernelRun, head []string) (string, error) {
	s := p.s
	step, err := s.trajectoryStep(ctx, run)
	if err != nil {
		return "", err
	}
	in := step.Inputs.(kernelRunInputs)
	rows, train, err := s.kernelRunTokens(ctx, in, run.Task)
	if err != nil {
		return "", err
	}
	records := len(recordedSteps(run, in.Recipe.Epochs*in.Recipe.StepsPerEpoch(in.Rows))) + 1
	return p.add(step, nil, Planned{Tokens: train + float64(records)*rows, Disk: 1 << 18, Needs: head, Unit: Unit{Kind: BeyondUnit}, Do: func(ctx context.Context) error {
		_, err := s.Trajectory(ctx, run)
		return err
	}})
}

// PlanMovement is what [Session.Movement] of some trainings would take: a kernel of the training rows an epoch,
// beside the one that the trainings start from.
func (s *Session) PlanMovement(ctx context.Context, runs []study.KernelRun) ([]Planned, error) {
	p := s.newPlan()
	for _, run := range runs {
		if err := p.movement(ctx, run); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}

// movement adds a training with its kernels.
func (p *plan) movement(ctx context.Context, run study.KernelRun) error {
	s := p.s
	head, start, err := p.startOf(ctx, run.Spec)
	if err != nil {
		return err
	}
	kernel, _, err := s.kernelCost(ctx, run.Task)
	if err != nil {
		return err
	}
	step, err := s.movementStep(ctx, run)
	if err != nil {
		return err
	}
	in := step.Inputs.(movementInputs)
	_, train, err := s.kernelRunTokens(ctx, in.kernelRunInputs, run.Task)
	if err != nil {
		return err
	}
	kernel *= float64(in.Rows) / float64(in.Rows+in.TestRows)
	_, err = p.add(step, nil, Planned{Tokens: train + float64(in.Recipe.Epochs)*kernel, Disk: 1 << 18, Needs: append(head, start), Unit: Unit{Kind: BeyondUnit}, Do: func(ctx context.Context) error {
		_, err := s.Movement(ctx, run)
		return err
	}})
	return err
}

// kernelRunTokens are the tokens of a kernel's rows, training and test, and those of a training on them.
func (s *Session) kernelRunTokens(ctx context.Context, in kernelRunInputs, id string) (rows, train float64, err error) {
	trained, tested, err := s.kernelRowTokens(ctx, in, id)
	return trained + tested, trainingToken * float64(in.Recipe.Epochs) * trained, err
}

// kernelRowTokens are the tokens of a kernel's training rows and of its test rows.
func (s *Session) kernelRowTokens(ctx context.Context, in kernelRunInputs, id string) (trained, tested float64, err error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	all, err := s.splitTokens(ctx, id, "train")
	if err != nil {
		return 0, 0, err
	}
	tested, err = s.testTokens(ctx, id, in.TestRows)
	return all * float64(in.Rows) / float64(len(d.Train)), tested, err
}
