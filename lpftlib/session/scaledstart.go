package session

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/kernels/dynamics"
	"lpft/kernels/ntk"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/head"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

const scaledStartVersion = 2 // equation (5) in every direction, not along the head alone

// unscaled is the run whose kernel a scaled one's follows from: that of the head as it is.
func unscaled(run study.Spec) study.Spec {
	run.Scaling = study.Scaling{}
	return run
}

// scaledStartStep is a training on a kernel's rows from a scaled head.
func (s *Session) scaledStartStep(ctx context.Context, run study.KernelRun) (store.Step, error) {
	if run.Scaling.Reading != "A" {
		return store.Step{}, fmt.Errorf("%s: expected a head scaled to a norm (reading A)", run)
	}
	in, err := s.kernelRunInputs(ctx, run)
	if err != nil {
		return store.Step{}, err
	}
	kernel, err := s.keyOf(s.kernelStep(ctx, unscaled(run.Spec)))
	return store.Step{Kind: "scaled-start", Version: scaledStartVersion, Label: run.String(), Inputs: startInputs{in, kernel}}, err
}

// ScaledStart trains on a kernel's rows from a head scaled to a norm, and says what the kernel knew before: how far features
// would move, and how well the validation rows could be told.
func (s *Session) ScaledStart(ctx context.Context, run study.KernelRun) (*study.ScaledStart, error) {
	var k *kernels.NTK
	var job *kernelJob
	var h *head.Head
	step, err := s.scaledStartStep(ctx, run)
	return made(ctx, s, run.Task, &run.Seed, "scaledstart.json", step, err, func(ctx context.Context) (err error) {
		if k, err = s.KernelArrays(ctx, unscaled(run.Spec)); err != nil {
			return err
		}
		if h, err = s.StartHead(ctx, unscaled(run.Spec)); err != nil {
			return err
		}
		job, err = s.kernelJob(ctx, run, step.Inputs.(startInputs).kernelRunInputs)
		return err
	}, func(ctx context.Context) (*study.ScaledStart, error) {
		out := &study.ScaledStart{KernelRun: run, Recipe: job.in.Recipe}
		start := headMultiple{k, h, run.Scaling.Norm / h.Norm()}
		if out.Step, err = s.firstStep(ctx, job); err != nil {
			return nil, err
		}
		if out.Foretold, err = start.foretold(ctx); err != nil {
			return nil, err
		}
		out.Trained.NLL = math.Inf(1)
		err := s.watched(ctx, job, step.Label, func(ctx context.Context, m *finetune.Moment) error { return s.scoreStart(ctx, job, m, out) })
		return out, err
	})
}

// scoreStart scores the test rows after every epoch, and compares features at the end.
func (s *Session) scoreStart(ctx context.Context, j *kernelJob, m *finetune.Moment, out *study.ScaledStart) error {
	if m.Step == 0 || m.Step%m.StepsPerEpoch != 0 {
		return nil
	}
	logits, err := m.ValLogits(ctx)
	if err != nil {
		return err
	}
	validation, test, err := halfScores(logits, j.rows.LabelsTest)
	if err != nil {
		return err
	}
	if validation.NLL < out.Trained.NLL {
		out.Trained, out.Test = validation, test
	}
	if m.Step < m.Steps {
		return nil
	}
	moves, err := s.layerMoves(ctx, j, m)
	if err == nil {
		out.Diff = moves[len(moves)-1].Diff
	}
	return err
}

// halfScores score every other row, the first included, and the rest.
func halfScores(logits *mat.Dense, labels []int) (validation, test study.RowScore, err error) {
	rows, c := logits.Dims()
	if rows < 2 {
		return validation, test, fmt.Errorf("%d test rows beside the kernel: expected at least 2, one to choose by and one to test", rows)
	}
	for half, to := range []*study.RowScore{&validation, &test} {
		var data []float64
		var mine []int
		for i := half; i < rows; i += 2 {
			data, mine = append(data, logits.RawRowView(i)...), append(mine, labels[i])
		}
		part := mat.NewDense(len(mine), c, data)
		if to.NLL, err = measure.NLL(part, mine); err != nil {
			return validation, test, err
		}
		if to.Accuracy, err = measure.Accuracy(part, mine); err != nil {
			return validation, test, err
		}
	}
	return validation, test, nil
}

// firstStep is how far the test rows' features move by equation (5) in a step of gradient descent of rate 1 on the mean loss,
// the mean over rows.
func (s *Session) firstStep(ctx context.Context, j *kernelJob) (float64, error) {
	m, err := s.kernelModel(ctx, KernelSpec{Run: j.run.Spec, LowRank: j.run.Method.LowRank()})
	if err != nil {
		return 0, err
	}
	opt, err := s.wholeNetwork()
	if err != nil {
		return 0, err
	}
	before, after, err := ntk.LinearisedFeatures(ctx, m, j.head, j.Val.Texts, j.Train.Texts, j.Train.Labels, 1/float64(len(j.Train.Texts)), opt)
	if err != nil {
		return 0, err
	}
	h, rows := j.head.Hidden(), len(j.Val.Texts)
	return measure.FeatureDifference(mat.NewDense(rows, h, after), mat.NewDense(rows, h, before))
}

// headMultiple is a kernel whose head is scaled. F is quadratic in V, P does not depend on it, and the logits but for the bias
// are linear: the kernel of one head is that of all its multiples.
type headMultiple struct {
	k     *kernels.NTK
	head  *head.Head // as the kernel has it
	scale float64
}

// logits are those of some rows' features.
func (s headMultiple) logits(phi *mat.Dense) *mat.Dense { return s.head.ScaleBy(s.scale).Logits(phi) }

// problem is gradient descent from the scaled head.
func (s headMultiple) problem() *dynamics.Problem {
	square := s.scale * s.scale
	return &dynamics.Problem{Train: s.k.P.Plus(times(s.k.F, square)), Test: s.k.PTest.Plus(times(s.k.FTest, square)),
		Logits: s.logits(s.k.Phi), LogitsTest: s.logits(s.k.PhiTest), Labels: s.k.Labels}
}

// The flow's moments: from where a row's logits would have moved by a thousandth at the speed of the start, half as long again
// each time, to where they would have moved by ten and twice their size.
const (
	firstMove, lastMove = 1e-3, 10.0
	longer              = 1.5
)

// foretold is the lowest NLL of the validation rows on the path of the kernel's gradient flow.
func (s headMultiple) foretold(ctx context.Context) (best study.RowScore, err error) {
	p := s.problem()
	delta, err := kernels.Residuals(p.Logits, p.Labels)
	if err != nil {
		return best, err
	}
	change, err := p.Train.Times(delta)
	if err != nil {
		return best, err
	}
	rows := float64(p.Train.N)
	speed, size := mat.Norm(change, 2)/rows/math.Sqrt(rows), mat.Norm(p.Logits, 2)/math.Sqrt(rows)
	var moments []float64
	for far := firstMove; speed > 0 && far < lastMove+2*size; far *= longer {
		moments = append(moments, far/speed)
	}
	path, err := p.Flow(ctx, moments)
	if err != nil {
		return best, err
	}
	best.NLL = math.Inf(1)
	for _, f := range path.Test {
		validation, _, err := halfScores(f, s.k.LabelsTest)
		if err != nil {
			return best, err
		}
		if validation.NLL < best.NLL {
			best = validation
		}
	}
	return best, nil
}

// PlanScaledStarts is what [Session.ScaledStart] of some trainings would take.
func (s *Session) PlanScaledStarts(ctx context.Context, runs []study.KernelRun) ([]Planned, error) {
	p := s.newPlan()
	for _, run := range runs {
		head, kernel, err := p.startOf(ctx, unscaled(run.Spec))
		if err != nil {
			return nil, err
		}
		step, err := s.scaledStartStep(ctx, run)
		if err != nil {
			return nil, err
		}
		in := step.Inputs.(startInputs)
		rows, train, err := s.kernelRunTokens(ctx, in.kernelRunInputs, run.Task)
		if err != nil {
			return nil, err
		}
		tests, err := s.testTokens(ctx, run.Task, in.TestRows)
		if err != nil {
			return nil, err
		}
		// the test rows after every epoch and, layer by layer, before and at the end; and equation (5)
		tokens := train + float64(in.Recipe.Epochs+2)*tests + float64(1+movePasses)*rows
		if _, err := p.add(step, nil, Planned{Tokens: tokens, Disk: 1 << 12, Needs: append(head, kernel), Unit: Unit{Kind: BeyondUnit}, Do: func(ctx context.Context) error {
			_, err := s.ScaledStart(ctx, run)
			return err
		}}); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}
