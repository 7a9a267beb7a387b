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
	trajectoryVersion = 1
	followingVersion  = 1
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
			train, test, err := m.Logits(ctx)
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
	var k *kernels.NTK
	var t *study.Trajectory
	step, err := s.followingStep(ctx, run)
	return made(ctx, s, run.Task, &run.Seed, "following.json", step, err, func(ctx context.Context) (err error) {
		if k, err = s.KernelArrays(ctx, run.Spec); err == nil {
			t, err = s.Trajectory(ctx, run)
		}
		return err
	}, func(ctx context.Context) (*study.Following, error) { return follow(ctx, k, t) })
}

// rounding is the least that logits must move by, relative to their size, for an error of the prediction to be more than
// that of float32 features.
const rounding = 1e-5

// follow compares a trajectory with the predictions of the kernel at its start.
func follow(ctx context.Context, k *kernels.NTK, t *study.Trajectory) (*study.Following, error) {
	c := &comparison{n: k.F.N, m: k.FTest.M, classes: k.F.C, t: t}
	whole, alone := dynamics.Whole(k), dynamics.HeadAlone(k)
	for _, p := range []*dynamics.Problem{whole, alone} { // from where this training began, to the last digit
		p.Logits, p.LogitsTest = c.train(0), c.test(0)
	}
	out := &study.Following{KernelRun: t.KernelRun, Recipe: t.Recipe}
	for i := range t.Steps[1:] {
		p := study.FollowingPoint{Step: t.Steps[i+1], Moved: c.moved(c.train(i+1), c.train(0)), MovedTest: c.moved(c.test(i+1), c.test(0))}
		if least := rounding * c.moved(c.train(0), mat.NewDense(c.n, c.classes, nil)); p.Moved <= least || p.MovedTest <= least {
			return nil, fmt.Errorf("after %d steps with rate %g logits have moved by %.2g, which is lost in the rounding of float32: expected more than %.2g; "+
				"raise the multiples in the profile's key \"beyond\"", p.Step, t.Recipe.LearningRate, min(p.Moved, p.MovedTest), least)
		}
		out.Points = append(out.Points, p)
	}
	if err := c.steps(ctx, whole, out.Points, func(p *study.FollowingPoint, e study.Errors) { p.Kernel = &e }); err != nil {
		return nil, err
	}
	if err := c.steps(ctx, alone, out.Points, func(p *study.FollowingPoint, e study.Errors) { p.Head = &e }); err != nil {
		return nil, err
	}
	if err := c.path(ctx, whole, out, func(p *study.FollowingPoint, e study.Errors) { p.Path = e }); err != nil {
		return nil, err
	}
	err := c.path(ctx, alone, out, func(p *study.FollowingPoint, e study.Errors) { p.HeadPath = e })
	return out, err
}

// comparison is a trajectory beside predictions.
type comparison struct {
	n, m, classes int
	t             *study.Trajectory
}

func (c *comparison) train(i int) *mat.Dense { return mat.NewDense(c.n, c.classes, c.t.Train[i]) }
func (c *comparison) test(i int) *mat.Dense  { return mat.NewDense(c.m, c.classes, c.t.Test[i]) }

// moved is the root mean square over rows of how far their logits moved.
func (c *comparison) moved(f, f0 *mat.Dense) float64 {
	rows, _ := f.Dims()
	return dynamics.Distance(f, f0) / math.Sqrt(float64(rows))
}

// errors compares the i-th record with logits that were predicted.
func (c *comparison) errors(i int, train, test *mat.Dense) study.Errors {
	return study.Errors{Train: dynamics.RelativeError(c.train(i), train, c.train(0)), Test: dynamics.RelativeError(c.test(i), test, c.test(0))}
}

// steps predicts the trajectory step by step, where its steps are those of gradient descent.
func (c *comparison) steps(ctx context.Context, p *dynamics.Problem, points []study.FollowingPoint, set func(*study.FollowingPoint, study.Errors)) error {
	if c.t.Recipe.Optimiser != stage.SGD {
		return nil
	}
	path, err := p.Descend(ctx, finetune.Batches(c.t.Recipe, c.n), c.t.Recipe.Clip)
	if err != nil {
		return err
	}
	for i := range points {
		step := points[i].Step
		set(&points[i], c.errors(i+1, path.Train[step], path.Test[step]))
	}
	return nil
}

// path compares the trajectory with the flow at the place nearest to it.
func (c *comparison) path(ctx context.Context, p *dynamics.Problem, f *study.Following, set func(*study.FollowingPoint, study.Errors)) error {
	least, all := math.Inf(1), math.Sqrt(float64(c.n))
	for _, point := range f.Points {
		least = min(least, point.Moved)
	}
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
