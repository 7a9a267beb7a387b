package session

import (
	"context"
	"slices"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels/dynamics"
	"lpft/kernels/ntk"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/study"
)

// followAdam predicts a training by Adam step by step: it trains the model that is linear in its parameters, by products with the
// network's Jacobian where the training starts, and the head alone.
func (s *Session) followAdam(ctx context.Context, c *comparison, f *study.Following, label string) error {
	tangent, err := s.tangent(ctx, c.t.KernelRun)
	if err != nil {
		return err
	}
	defer tangent.Close()
	batches := finetune.Batches(c.t.Recipe, c.k.F.N)
	bar := progress.Start(s.opt.Progress, label, len(batches), "steps")
	defer bar.Done()
	var f0, phi mat.Dense
	f0.Stack(c.train(0), c.test(0))
	phi.Stack(c.k.Phi, c.k.PhiTest)
	predict := func(model dynamics.Tangent, set func(*study.FollowingPoint, study.Errors)) error {
		path, err := finetune.Adam().Train(ctx, model, c.k.Labels, batches, c.t.Recipe.Clip, c.t.Steps)
		if err != nil {
			return err
		}
		for i := range f.Points {
			set(&f.Points[i], c.errors(i+1, path.Train[i+1], path.Test[i+1]))
		}
		return nil
	}
	shown := &shownTangent{Tangent: tangent, f0: &f0, bar: bar}
	if err := predict(shown, func(p *study.FollowingPoint, e study.Errors) { p.Linear = e }); err != nil {
		return err
	}
	return predict(dynamics.Head{Phi: &phi, Start: &f0}, func(p *study.FollowingPoint, e study.Errors) { p.Head = e })
}

// tangent is the network where a training on a kernel's rows starts, linear in its parameters: training rows and then
// test rows. The caller closes it.
func (s *Session) tangent(ctx context.Context, run study.KernelRun) (*ntk.Tangent, error) {
	in, err := s.kernelRunInputs(ctx, run)
	if err != nil {
		return nil, err
	}
	job, err := s.kernelJob(ctx, run, in)
	if err != nil {
		return nil, err
	}
	m, err := s.kernelModel(ctx, KernelSpec{Run: run.Spec, LowRank: run.Method.LowRank()})
	if err != nil {
		return nil, err
	}
	opt, err := s.wholeNetwork()
	if err != nil {
		return nil, err
	}
	return ntk.NewTangent(ctx, m, job.head, slices.Concat(job.Train.Texts, job.Val.Texts), opt)
}

// wholeNetwork are options for products with the Jacobian of all that is trained, the word embedding too, whatever the profile's
// kernels take of it.
func (s *Session) wholeNetwork() (opt ntk.Options, err error) {
	if opt.Programs, err = s.kernelPrograms(); err != nil {
		return opt, err
	}
	opt.Backend, err = s.Backend()
	return opt, err
}

// shownTangent starts from the logits that a training was recorded to start from, to the last digit, and shows its steps.
type shownTangent struct {
	dynamics.Tangent
	f0    *mat.Dense
	bar   *progress.Task
	steps int
}

func (t *shownTangent) Logits() *mat.Dense { return t.f0 }

func (t *shownTangent) VJP(ctx context.Context, rows []int, weights *mat.Dense) ([]float64, error) {
	t.steps++
	t.bar.Set(t.steps, "")
	return t.Tangent.VJP(ctx, rows, weights)
}
