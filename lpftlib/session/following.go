package session

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/dynamics"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const (
	trajectoryVersion = 2 // recorded after fewer steps
	followingVersion  = 3 // likewise
)

// trajectoryStep is a training on a kernel's rows with its logits recorded.
func (s *Session) trajectoryStep(ctx context.Context, run study.KernelRun) (store.Step, error) {
	in, err := s.kernelRunInputs(ctx, run)
	return store.Step{Kind: "trajectory", Version: trajectoryVersion, Label: run.String(), Inputs: in}, err
}

// Trajectory trains on a kernel's rows and records their logits after [study.RecordedSteps].
func (s *Session) Trajectory(ctx context.Context, run study.KernelRun) (*study.Trajectory, error) {
	var job *kernelJob
	step, err := s.trajectoryStep(ctx, run)
	return made(ctx, s, run.Task, &run.Seed, "trajectory.json", step, err, func(ctx context.Context) (err error) {
		job, err = s.kernelJob(ctx, run, step.Inputs.(kernelRunInputs))
		return err
	}, func(ctx context.Context) (*study.Trajectory, error) {
		out := &study.Trajectory{KernelRun: run, Recipe: job.in.Recipe}
		err := s.watched(ctx, job, step.Label, func(ctx context.Context, m *finetune.Moment) error {
			if m.Step > 0 && !slices.Contains(recordedSteps(run, m.Steps), m.Step) {
				return nil
			}
			train, err := m.TrainLogits(ctx)
			if err != nil {
				return err
			}
			test, err := m.ValLogits(ctx)
			if err != nil {
				return err
			}
			out.Steps = append(out.Steps, m.Step)
			out.Train, out.Test = append(out.Train, train.RawMatrix().Data), append(out.Test, test.RawMatrix().Data)
			return nil
		})
		return out, err
	})
}

// recordedSteps are the steps after which a training's logits are recorded; of one with a frozen part the end is enough.
func recordedSteps(run study.KernelRun, total int) []int {
	if run.Frozen != "" {
		return []int{total}
	}
	return study.RecordedSteps(total)
}

// followingStep compares a trajectory with what the kernel predicts.
func (s *Session) followingStep(ctx context.Context, run study.KernelRun) (store.Step, error) {
	if run.Frozen != "" {
		return store.Step{}, fmt.Errorf("%s: the whole kernel does not predict a training with a frozen part: expected none", run)
	}
	trajectory, err := s.keyOf(s.trajectoryStep(ctx, run))
	if err != nil {
		return store.Step{}, err
	}
	kernel, err := s.keyOf(s.kernelStep(ctx, run.Spec))
	return store.Step{Kind: "following", Version: followingVersion, Label: "the kernel's prediction of " + run.String(),
		Inputs: map[string]string{"trajectory": trajectory, "kernel": kernel}}, err
}

// Following asks whether a training goes the kernel's way: it trains, and predicts the same training from the kernel at
// the start.
func (s *Session) Following(ctx context.Context, run study.KernelRun) (*study.Following, error) {
	c := &comparison{}
	step, err := s.followingStep(ctx, run)
	return made(ctx, s, run.Task, &run.Seed, "following.json", step, err, func(ctx context.Context) (err error) {
		if c.k, err = s.KernelArrays(ctx, run.Spec); err == nil {
			c.t, err = s.Trajectory(ctx, run)
		}
		return err
	}, func(ctx context.Context) (*study.Following, error) {
		out, err := c.moves()
		if err != nil {
			return nil, err
		}
		if run.Optimiser == stage.SGD {
			err = c.descend(ctx, out)
		} else {
			err = s.followAdam(ctx, c, out, step.Label)
		}
		if err != nil {
			return nil, err
		}
		return out, c.paths(ctx, out)
	})
}

// rounding is the least that logits must move by, relative to their size, for an error of the prediction to be more than
// that of float32 features.
const rounding = 1e-5

// comparison is a trajectory beside the kernel at its start.
type comparison struct {
	k *kernels.NTK
	t *study.Trajectory
}

func (c *comparison) train(i int) *mat.Dense { return mat.NewDense(c.k.F.N, c.k.F.C, c.t.Train[i]) }
func (c *comparison) test(i int) *mat.Dense  { return mat.NewDense(c.k.FTest.M, c.k.F.C, c.t.Test[i]) }

// problems are gradient descent with Θ and with P alone, from where the training began, to the last digit.
func (c *comparison) problems() (whole, alone *dynamics.Problem) {
	whole, alone = dynamics.Whole(c.k), dynamics.HeadAlone(c.k)
	for _, p := range []*dynamics.Problem{whole, alone} {
		p.Logits, p.LogitsTest = c.train(0), c.test(0)
	}
	return whole, alone
}

// moves are the trajectory's recorded steps with how far the logits moved.
func (c *comparison) moves() (*study.Following, error) {
	out := &study.Following{KernelRun: c.t.KernelRun, Recipe: c.t.Recipe}
	for i := range c.t.Steps[1:] {
		p := study.FollowingPoint{Step: c.t.Steps[i+1], Moved: rowsMoved(c.train(i+1), c.train(0)), MovedTest: rowsMoved(c.test(i+1), c.test(0))}
		if least := rounding * rowsMoved(c.train(0), mat.NewDense(c.k.F.N, c.k.F.C, nil)); p.Moved <= least || p.MovedTest <= least {
			return nil, fmt.Errorf("after %d steps with rate %g logits have moved by %.2g, which is lost in the rounding of float32: expected more than %.2g; "+
				"raise the multiples in the profile's key \"beyond\"", p.Step, c.t.Recipe.LearningRate, min(p.Moved, p.MovedTest), least)
		}
		out.Points = append(out.Points, p)
	}
	return out, nil
}

// rowsMoved is the root mean square over rows of how far their logits moved.
func rowsMoved(f, f0 *mat.Dense) float64 {
	rows, _ := f.Dims()
	return dynamics.Distance(f, f0) / math.Sqrt(float64(rows))
}

// errors compares the i-th record with logits that were predicted.
func (c *comparison) errors(i int, train, test *mat.Dense) study.Errors {
	return study.Errors{Train: dynamics.RelativeError(c.train(i), train, c.train(0)), Test: dynamics.RelativeError(c.test(i), test, c.test(0))}
}

// descend predicts a training by gradient descent step by step.
func (c *comparison) descend(ctx context.Context, f *study.Following) error {
	batches := finetune.Batches(c.t.Recipe, c.k.F.N)
	predict := func(p *dynamics.Problem, set func(*study.FollowingPoint, study.Errors)) error {
		path, err := p.Descend(ctx, batches, c.t.Recipe.Clip)
		if err != nil {
			return err
		}
		for i := range f.Points {
			step := f.Points[i].Step
			set(&f.Points[i], c.errors(i+1, path.Train[step], path.Test[step]))
		}
		return nil
	}
	whole, alone := c.problems()
	if err := predict(whole, func(p *study.FollowingPoint, e study.Errors) { p.Linear = e }); err != nil {
		return err
	}
	return predict(alone, func(p *study.FollowingPoint, e study.Errors) { p.Head = e })
}

// paths compares the trajectory with the flows of Θ and of P alone, each at the place nearest to it.
func (c *comparison) paths(ctx context.Context, f *study.Following) error {
	least, all := math.Inf(1), math.Sqrt(float64(c.k.F.N))
	for _, point := range f.Points {
		least = min(least, point.Moved)
	}
	compare := func(p *dynamics.Problem, set func(*study.FollowingPoint, study.Errors)) error {
		path, err := p.FlowTo(ctx, least*all/4, 1.5*f.Farthest()*all)
		if err != nil {
			return err
		}
		for i := range f.Points {
			_, train, test := path.Nearest(c.train(i + 1))
			set(&f.Points[i], c.errors(i+1, train, test))
		}
		return nil
	}
	whole, alone := c.problems()
	if err := compare(whole, func(p *study.FollowingPoint, e study.Errors) { p.Path = e }); err != nil {
		return err
	}
	return compare(alone, func(p *study.FollowingPoint, e study.Errors) { p.HeadPath = e })
}
