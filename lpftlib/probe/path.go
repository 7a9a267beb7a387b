package probe

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/head"
)

// Step is the linear probe after at most MaxIter iterations of L-BFGS from zero: one point of the curves in
// Figures 1 and 4, panel LP. Its Fitted carries V, b and the iterations actually made; no κ was chosen there.
type Step struct {
	Fitted
	MaxIter       int     `json:"max_iter"`
	Norm          float64 `json:"norm"`            // ‖V‖_F
	BiasNorm      float64 `json:"bias_norm"`       // ‖b‖
	MeanLogitNorm float64 `json:"mean_logit_norm"` // (1/N) Σ_i ‖f(x_i)‖
	Loss          float64 `json:"loss"`            // (1/N) Σ_i CE(f(x_i), y_i), without the penalty
	TrainAccuracy float64 `json:"train_accuracy"`
}

// Path refits the probe with κ = kappa and 1, 2, 5, … (iters, ascending) as the maximum number of iterations, and
// reports each head. It follows scikit-learn's solver (L-BFGS of scipy, ten pairs, Moré–Thuente line search, from
// zero, on the features as they are), so the norms are those of LogisticRegression(C=kappa, max_iter=k). Where the
// solver meets Options.Tol earlier, the later steps repeat its last head.
//
// x is [N, h], y [N] as in Fit. With Options.PaperCompatible a two-class head is halved, and every number of the
// step is that of the halved head.
func Path(ctx context.Context, x *mat.Dense, y []int, classes int, kappa float64, iters []int, o Options) ([]Step, error) {
	o.Kappas = []float64{kappa}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := checkData(x, y, classes); err != nil {
		return nil, err
	}
	if err := o.checkClasses(classes); err != nil {
		return nil, err
	}
	for i, k := range iters {
		if k < 1 || (i > 0 && k <= iters[i-1]) {
			return nil, fmt.Errorf("probe: iteration counts %v: expected ascending positive numbers", iters)
		}
	}
	if len(iters) == 0 {
		return nil, fmt.Errorf("probe: no iteration counts for the path: give for example 1, 2, 5, 10, 20, 50")
	}
	o.StopAsScikitLearn = true
	data := &coordinates{x: x}
	p := newProblem(data, &separate{data: data, workers: o.Workers}, 0, y, classes, o.form())
	p.setKappa(kappa)
	search := newLBFGS(p, make([]float64, p.size()), o.Tol)
	steps := make([]Step, 0, len(iters))
	for _, k := range iters {
		if err := search.run(ctx, k); err != nil {
			return nil, err
		}
		step := measureStep(p, search, x, y, o.PaperCompatible)
		step.MaxIter, step.Kappa = k, kappa
		steps = append(steps, step)
	}
	return steps, nil
}

// measureStep reads the head off the solver's current point and evaluates it on the training rows.
func measureStep(p *problem, search *lbfgs, x *mat.Dense, y []int, halve bool) Step {
	weight, bias := p.expand(search.theta)
	if len(bias) == 2 {
		symmetrise(weight, bias)
	}
	step := Step{Fitted: Fitted{Head: &head.Head{V: weight, B: bias}, Iterations: search.iterations, Converged: search.done}}
	if halve {
		step.halve()
	}
	step.Norm, step.BiasNorm = step.Head.Norm(), step.Head.BiasNorm()
	logits := step.Head.Logits(x)
	n := float64(len(y))
	right := 0
	for i, label := range y {
		f := logits.RawRowView(i)
		step.MeanLogitNorm += norm(f) / n
		if argmax(f) == label {
			right++
		}
		step.Loss += softmaxResidual(f, make([]float64, len(f)), label) / n
	}
	step.TrainAccuracy = float64(right) / n
	return step
}

// symmetrise makes a two-class head [−w; w] to the last bit; rounding is all that separates it from that.
func symmetrise(weight *mat.Dense, bias []float64) {
	first, second := weight.RawRowView(0), weight.RawRowView(1)
	for j := range second {
		second[j] = (second[j] - first[j]) / 2
		first[j] = -second[j]
	}
	bias[1] = (bias[1] - bias[0]) / 2
	bias[0] = -bias[1]
}

// lbfgs minimises F/N as scipy's L-BFGS-B does without bounds (Byrd, Lu, Nocedal, Zhu 1995).
type lbfgs struct {
	problem         *problem
	theta, gradient []float64
	value           float64
	moves, turns    [][]float64 // s_k = θ_{k+1} − θ_k and y_k = ∇_{k+1} − ∇_k, oldest first
	iterations      int
	tol             float64
	done            bool
}

const (
	lbfgsMemory    = 10           // pairs kept
	lbfgsReduction = 64 * 0x1p-52 // scikit-learn's relative reduction of the value at which to stop
	machineEpsilon = 0x1p-52      // of float64
	maxLineSearch  = 50           // evaluations
	firstMaxStep   = 1e10         // scipy's bound on a step
)

// newLBFGS starts at theta, which it does not write to.
func newLBFGS(p *problem, theta []float64, tol float64) *lbfgs {
	l := &lbfgs{problem: p, tol: tol, theta: theta, gradient: make([]float64, p.size())}
	l.value = l.evaluate(l.theta, l.gradient)
	l.done = maxAbs(l.gradient) <= tol
	return l
}

// evaluate returns F/N and its gradient.
func (l *lbfgs) evaluate(theta, gradient []float64) float64 {
	n := float64(l.problem.count)
	value := l.problem.value(theta, gradient) / n
	for i := range gradient {
		gradient[i] /= n
	}
	return value
}

// run iterates until there are maxIter iterations or the solver stops.
func (l *lbfgs) run(ctx context.Context, maxIter int) error {
	for l.iterations < maxIter && !l.done {
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
	step := 1.0
	if l.iterations == 0 {
		step = math.Min(1/norm(direction), firstMaxStep)
	}
	theta, gradient, value, ok := l.lineSearch(direction, step)
	if !ok && len(l.moves) > 0 { // start again from steepest descent, as scipy does
		l.moves, l.turns = nil, nil
		direction = l.direction()
		theta, gradient, value, ok = l.lineSearch(direction, math.Min(1/norm(direction), firstMaxStep))
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
	if maxAbs(gradient) <= l.tol || previous-value <= lbfgsReduction*scale {
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
