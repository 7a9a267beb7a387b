package dynamics

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// Adam is an optimiser whose steps no kernel gives: they depend on the gradient entry by entry, m/(√v + ε), close to its sign
// at first. A [Tangent] has the entries.
type Adam struct{ Beta1, Beta2, Epsilon float64 }

// Train takes steps of Adam on the mean cross entropy of each mini-batch for a model that is linear in its parameters, as if
// the network kept its Jacobian. Labels are those of the first N rows, which are trained on; further rows are test rows.
// With clip > 0 the gradient is scaled down where its norm exceeds clip, before Adam sees it. The path has the start and
// the logits after each step of record; between them only the mini-batches are evaluated.
func (a Adam) Train(ctx context.Context, model Tangent, labels []int, steps []Step, clip float64, record []int) (*Path, error) {
	f0 := model.Logits()
	if rows, _ := f0.Dims(); len(labels) == 0 || len(labels) > rows {
		return nil, fmt.Errorf("dynamics: %d labels for %d rows: expected those of the training rows, which come first", len(labels), rows)
	}
	if !(clip >= 0) {
		return nil, fmt.Errorf("dynamics: clip is %g: expected the largest gradient norm, or 0 for no clipping", clip)
	}
	path := &Path{}
	path.add(0, f0, len(labels))
	state := a.start(model.Parameters(), f0)
	for t, step := range steps {
		if err := state.step(ctx, model, labels, step, clip); err != nil {
			return nil, fmt.Errorf("dynamics: step %d of %d: %w", t+1, len(steps), err)
		}
		if !slices.Contains(record, t+1) {
			continue
		}
		f, err := state.logits(ctx, model, nil)
		if err != nil {
			return nil, err
		}
		path.add(float64(t+1), f, len(labels))
		state.now = f
	}
	return path, nil
}

// add puts the logits of all rows at a moment on the path: the first n are of training rows.
func (p *Path) add(at float64, f *mat.Dense, n int) {
	rows, c := f.Dims()
	p.At, p.Train = append(p.At, at), append(p.Train, mat.DenseCopyOf(f.Slice(0, n, 0, c)))
	if n < rows {
		p.Test = append(p.Test, mat.DenseCopyOf(f.Slice(n, rows, 0, c)))
	}
}

// adamState is where Adam is: Δθ and the moments of its gradients.
type adamState struct {
	Adam
	move, m, v []float64
	taken      int
	f0, now    *mat.Dense // logits of all rows at the start, and here where they have been computed
}

func (a Adam) start(parameters int, f0 *mat.Dense) *adamState {
	return &adamState{Adam: a, move: make([]float64, parameters), m: make([]float64, parameters), v: make([]float64, parameters), f0: f0, now: f0}
}

// logits are f0 + JΔθ of rows; nil stands for all.
func (s *adamState) logits(ctx context.Context, model Tangent, rows []int) (*mat.Dense, error) {
	if s.now != nil {
		return pickRows(s.now, rows), nil
	}
	change, err := model.JVP(ctx, rows, s.move)
	if err != nil {
		return nil, err
	}
	change.Add(pickRows(s.f0, rows), change)
	return change, nil
}

// step takes one step on a mini-batch.
func (s *adamState) step(ctx context.Context, model Tangent, labels []int, step Step, clip float64) error {
	if err := step.check(len(labels)); err != nil {
		return err
	}
	logits, err := s.logits(ctx, model, step.Rows)
	if err != nil {
		return err
	}
	delta, err := kernels.Residuals(logits, pick(labels, step.Rows))
	if err != nil {
		return err
	}
	delta.Scale(-1/float64(len(step.Rows)), delta) // the gradient of the mean loss by the logits
	gradient, err := model.VJP(ctx, step.Rows, delta)
	if err != nil {
		return err
	}
	scale := 1.0
	if clip > 0 {
		scale = clipped(floats.Norm(gradient, 2), clip)
	}
	s.take(gradient, scale, step.Rate)
	s.now = nil
	return nil
}

// take moves Δθ by −rate·m̂/(√v̂ + ε), where m̂ and v̂ are the moments without the bias of their start at 0.
func (s *adamState) take(gradient []float64, scale, rate float64) {
	s.taken++
	c1, c2 := 1-math.Pow(s.Beta1, float64(s.taken)), 1-math.Pow(s.Beta2, float64(s.taken))
	for i, g := range gradient {
		g *= scale
		s.m[i] = s.Beta1*s.m[i] + (1-s.Beta1)*g
		s.v[i] = s.Beta2*s.v[i] + (1-s.Beta2)*g*g
		s.move[i] -= rate * (s.m[i] / c1) / (math.Sqrt(s.v[i]/c2) + s.Epsilon)
	}
}
