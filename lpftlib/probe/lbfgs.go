package probe

import (
	"context"
	"math"
)

// lbfgs minimises F as scipy's L-BFGS-B does without bounds (Byrd, Lu, Nocedal, Zhu 1995).
type lbfgs struct {
	problem         *problem
	rule            lbfgsRule
	theta, gradient []float64
	value           float64
	moves, turns    [][]float64 // s_k = θ_{k+1} − θ_k and y_k = ∇_{k+1} − ∇_k, oldest first
	iterations      int
	evaluations     int
	tol             float64 // of the largest entry of the gradient
	done            bool
}

// lbfgsRule is what a version of scikit-learn asks of scipy.
type lbfgsRule struct {
	perRow     bool    // value and gradient are those of F/N
	reduction  float64 // relative decrease of the value in an iteration at which to stop
	lineSearch int     // most evaluations of one line search
}

const (
	lbfgsMemory     = 10      // pairs kept
	lbfgsEvaluation = 15_000  // an iteration that ends with more is the last
	machineEpsilon  = 0x1p-52 // of float64
)

// newLBFGS starts at theta, which it does not write to.
func newLBFGS(p *problem, theta []float64, o Options) *lbfgs {
	l := &lbfgs{problem: p, rule: o.Stop.lbfgs(), tol: o.Tol, theta: theta, gradient: make([]float64, p.size())}
	l.value = l.evaluate(l.theta, l.gradient)
	l.done = maxAbs(l.gradient) <= l.tol
	return l
}

// evaluate returns F, or F/N, and its gradient.
func (l *lbfgs) evaluate(theta, gradient []float64) float64 {
	l.evaluations++
	value := l.problem.value(theta, gradient)
	if !l.rule.perRow {
		return value
	}
	n := float64(l.problem.count)
	for i := range gradient {
		gradient[i] /= n
	}
	return value / n
}

// run iterates until there are maxIter iterations, or too many evaluations, or the solver stops.
func (l *lbfgs) run(ctx context.Context, maxIter int) error {
	for l.iterations < maxIter && l.evaluations <= lbfgsEvaluation && !l.done {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.iterate()
	}
	return nil
}

// iterate makes one step and sets done where the solver would stop.
func (l *lbfgs) iterate() {
	direction := l.direction()
	theta, gradient, value, ok := l.lineSearch(direction, l.firstStep(direction))
	if !ok && len(l.moves) > 0 { // start again from steepest descent, as scipy does
		l.moves, l.turns = nil, nil
		direction = l.direction()
		theta, gradient, value, ok = l.lineSearch(direction, l.firstStep(direction))
	}
	if !ok {
		l.done = true
		return
	}
	l.iterations++
	move, turn := difference(theta, l.theta), difference(gradient, l.gradient)
	previous := l.value
	sy, expected := dot(move, turn), -dot(l.gradient, move)
	l.theta, l.gradient, l.value = theta, gradient, value
	scale := math.Max(math.Max(math.Abs(previous), math.Abs(value)), 1)
	if maxAbs(gradient) <= l.tol || previous-value <= l.rule.reduction*scale {
		l.done = true
		return
	}
	if sy > machineEpsilon*expected {
		l.moves, l.turns = append(l.moves, move), append(l.turns, turn)
		if len(l.moves) > lbfgsMemory {
			l.moves, l.turns = l.moves[1:], l.turns[1:]
		}
	}
}

// firstStep is the step that the line search tries first: of length 1 at the very start, the whole direction later, also
// when the pairs have been thrown away.
func (l *lbfgs) firstStep(direction []float64) float64 {
	if l.iterations == 0 {
		return math.Min(1/norm(direction), lineMaxStep)
	}
	return 1
}

// direction is −H·gradient by the two-loop recursion.
func (l *lbfgs) direction() []float64 {
	d := make([]float64, len(l.gradient))
	axpy(-1, l.gradient, d)
	if len(l.moves) == 0 {
		return d
	}
	alpha := make([]float64, len(l.moves))
	for k := len(l.moves) - 1; k >= 0; k-- {
		alpha[k] = dot(l.moves[k], d) / dot(l.moves[k], l.turns[k])
		axpy(-alpha[k], l.turns[k], d)
	}
	last := len(l.moves) - 1
	gamma := dot(l.moves[last], l.turns[last]) / dot(l.turns[last], l.turns[last])
	for i := range d {
		d[i] *= gamma
	}
	for k := range l.moves {
		beta := dot(l.turns[k], d) / dot(l.moves[k], l.turns[k])
		axpy(alpha[k]-beta, l.moves[k], d)
	}
	return d
}

func difference(a, b []float64) []float64 {
	d := append([]float64(nil), a...)
	axpy(-1, b, d)
	return d
}
