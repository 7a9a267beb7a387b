package dynamics

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"lpft/kernels"
)

// tolerance is what a step of the flow may be wrong by, relative to how far the logits have moved.
const tolerance = 1e-9

// Flow is the limit of small steps with all rows in one batch, at some times: rate times number of steps. It integrates
// with steps that adapt themselves, by the fifth-order formula of Dormand and Prince (A family of embedded Runge-Kutta
// formulae, 1980). The path begins at time 0.
func (p *Problem) Flow(ctx context.Context, times []float64) (*Path, error) {
	w, path, err := p.flow(ctx)
	if err != nil {
		return nil, err
	}
	for i, t := range times {
		if !(t > path.At[i]) || math.IsInf(t, 1) {
			return nil, fmt.Errorf("dynamics: times %v: expected them positive and increasing", times)
		}
		if err := w.to(ctx, t); err != nil {
			return nil, err
		}
		if err := p.point(ctx, path, t, w.a); err != nil {
			return nil, err
		}
	}
	return path, nil
}

// Growth of the times at which [Problem.FlowTo] records, and how much slower than at the start the flow may become
// before it is given up.
const (
	growth  = 1.1
	slowing = 1e3
)

// FlowTo is the flow from where it has moved the training logits by about nearest to where it has moved them by
// farthest, at times that grow by a tenth each. It ends before where the flow has all but come to rest: at a thousand
// times the time that its speed at the start would need.
func (p *Problem) FlowTo(ctx context.Context, nearest, farthest float64) (*Path, error) {
	if !(nearest > 0) || !(farthest >= nearest) || math.IsInf(farthest, 1) {
		return nil, fmt.Errorf("dynamics: flow from a distance of %g to one of %g: expected positive numbers in this order", nearest, farthest)
	}
	w, path, err := p.flow(ctx)
	if err != nil {
		return nil, err
	}
	change, err := p.Train.Mul(ctx, w.d)
	if err != nil {
		return nil, err
	}
	speed := floats.Norm(change, 2)
	if speed == 0 {
		return path, nil // nothing ever moves
	}
	for t := nearest / speed; t < slowing*farthest/speed; t *= growth {
		if err := w.to(ctx, t); err != nil {
			return nil, err
		}
		if err := p.point(ctx, path, t, w.a); err != nil {
			return nil, err
		}
		if Distance(path.Train[len(path.Train)-1], path.Train[0]) >= farthest {
			break
		}
	}
	return path, nil
}

// flow checks the problem and stands at time 0.
func (p *Problem) flow(ctx context.Context) (*walk, *Path, error) {
	if err := p.check(); err != nil {
		return nil, nil, err
	}
	w, path := &walk{p: p, a: make([]float64, p.Train.Size())}, &Path{}
	if err := p.point(ctx, path, 0, w.a); err != nil {
		return nil, nil, err
	}
	var err error
	w.d, err = w.slope(ctx, w.a)
	return w, path, err
}

// walk is the flow under way: a(t) with the logits f0 + Θ0 a, and da/dt = δ/N.
type walk struct {
	p    *Problem
	t, h float64 // time and the next step's length; 0: not known yet
	a, d []float64
}

// slope is da/dt at a.
func (w *walk) slope(ctx context.Context, a []float64) ([]float64, error) {
	f, err := after(ctx, w.p.Train, w.p.Logits, a)
	if err != nil {
		return nil, err
	}
	delta, err := kernels.Residuals(f, w.p.Labels)
	if err != nil {
		return nil, err
	}
	d := delta.RawMatrix().Data
	floats.Scale(1/float64(w.p.Train.N), d)
	return d, nil
}

// to goes on to a time.
func (w *walk) to(ctx context.Context, end float64) error {
	if w.h == 0 {
		w.h = end
	}
	for w.t < end {
		h := min(w.h, end-w.t)
		a, d, off, err := w.try(ctx, h)
		if err != nil {
			return err
		}
		if off <= 1 {
			w.a, w.d, w.t = a, d, w.t+h
			if end-w.t < 1e-14*end {
				w.t = end
			}
		}
		next := h * min(5, max(0.2, 0.9*math.Pow(max(off, 1e-10), -0.2)))
		if off > 1 || h == w.h || next < w.h { // a step cut short by the end says nothing of longer ones
			w.h = next
		}
		if w.t+w.h == w.t {
			return fmt.Errorf("dynamics: the flow needs steps below %g at time %g: are the kernel's entries of a sensible size?", w.h, w.t)
		}
	}
	return nil
}

// The formula's coefficients: where slopes are taken, and the difference of its two orders.
var (
	stages = [][]float64{
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
		{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}, // the result
	}
	orders = []float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40}
)

// try takes a step of length h and returns a and its slope behind it, and the error in units of the tolerance.
func (w *walk) try(ctx context.Context, h float64) (a, d []float64, off float64, err error) {
	slopes := [][]float64{w.d}
	for _, stage := range stages {
		a = slices.Clone(w.a)
		for k, c := range stage {
			floats.AddScaled(a, h*c, slopes[k])
		}
		if d, err = w.slope(ctx, a); err != nil {
			return nil, nil, 0, err
		}
		slopes = append(slopes, d)
	}
	wrong := make([]float64, len(a))
	for k, c := range orders {
		floats.AddScaled(wrong, h*c, slopes[k])
	}
	inLogits, err := w.p.Train.Mul(ctx, wrong)
	if err != nil {
		return nil, nil, 0, err
	}
	moved, err := w.p.Train.Mul(ctx, a)
	if err != nil || floats.Norm(moved, 2) == 0 {
		return a, d, 0, err
	}
	return a, d, floats.Norm(inLogits, 2) / (tolerance * floats.Norm(moved, 2)), nil
}
