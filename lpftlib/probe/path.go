package probe

import (
	"context"
	"fmt"

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
// solver stops earlier, the later steps repeat its last head. The route is the same in all versions; where it ends is
// Options.Stop's, with StopExact that of scikit-learn 1.7.
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
	if o.Stop.exact() {
		o.Stop = StopSklearn17
	}
	data := &coordinates{x: x}
	p := newProblem(data, &separate{data: data, workers: o.Workers}, 0, y, classes, o.form())
	p.setKappa(kappa)
	search := newLBFGS(p, make([]float64, p.size()), o)
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
