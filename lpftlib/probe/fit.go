package probe

import (
	"context"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/head"
)

// Accuracy of the solutions, relative in ‖W‖: a held-out accuracy needs little, the head is meant to be exact.
var (
	foldAccuracy  = accuracy{error: 1e-6}
	refitAccuracy = accuracy{error: 1e-9, gradient: 1e-11}
)

// Fit cross-validates κ and returns the head fitted to all rows with the best one (see the package comment).
//
// x is [N, h] with finite entries, y [N] with classes 0 … classes−1, each present. The folds follow the row
// order. Fit stops early with ctx's error when ctx is cancelled.
func Fit(ctx context.Context, x *mat.Dense, y []int, classes int, o Options) (*Fitted, error) {
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
	held, err := StratifiedFolds(y, classes, o.Folds)
	if err != nil {
		return nil, err
	}
	data := &coordinates{x: x}
	if o.Stop.exact() {
		data = newCoordinates(x)
	}
	var passes rowPasses = &separate{data: data, workers: o.Workers}
	if o.Stop.exact() {
		passes = newJoint(data, o.Workers)
	}
	folds := make([]*fold, o.Folds)
	for f := range folds {
		folds[f] = newFold(data, passes, f, held[f], y, classes, o)
		folds[f].constant = equalRows(x, held[f])
	}
	report := newProgress(o.Progress, len(o.Kappas)*o.Folds+1)
	passes.enter(len(folds))
	var group errgroup.Group
	for _, f := range folds {
		group.Go(func() error {
			defer passes.leave()
			return f.follow(ctx, o, report.step)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}

	fitted := &Fitted{Kappas: o.Kappas}
	if !o.Stop.exact() {
		fitted.Stop = o.Stop
	}
	best := fitted.choose(folds)
	fitted.Kappa = o.Kappas[best]
	all := newFold(data, passes, 0, nil, y, classes, o)
	all.constant = equalRows(x, nil)
	all.startFromMean(folds, best)
	all.problem.setKappa(fitted.Kappa)
	passes.enter(1)
	defer passes.leave()
	fitted.Iterations, fitted.Converged, err = all.minimise(ctx, refitAccuracy, o)
	if err != nil {
		return nil, err
	}
	weight, bias := all.expanded()
	removeMean(weight, bias)
	flat, bias := data.head(weight.RawMatrix().Data, bias)
	fitted.Head = &head.Head{V: mat.NewDense(classes, len(flat)/classes, flat), B: bias}
	if o.PaperCompatible {
		fitted.halve()
	}
	report.step()
	return fitted, nil
}

// choose records the scores of the folds and returns the index of the first best κ.
func (h *Fitted) choose(folds []*fold) int {
	sums := make([]float64, len(h.Kappas))
	h.Scores = make([]float64, len(h.Kappas))
	h.FoldsAtLimit = new(int)
	for _, f := range folds {
		h.FoldScores = append(h.FoldScores, f.scores)
		*h.FoldsAtLimit += f.atLimit
		for k, s := range f.scores {
			sums[k] += s // scikit-learn compares the sums, added in this order
		}
	}
	for k, s := range sums {
		h.Scores[k] = s / float64(len(folds))
	}
	return argmax(sums)
}

// removeMean subtracts the mean over classes from W and b. The optimal W has mean zero anyway; b is determined
// only up to a constant, and scikit-learn's is the one with mean zero too.
func removeMean(weight *mat.Dense, bias []float64) {
	classes, r := weight.Dims()
	mean := make([]float64, r)
	shift := 0.0
	for c := range classes {
		axpy(1/float64(classes), weight.RawRowView(c), mean)
		shift += bias[c] / float64(classes)
	}
	for c := range classes {
		axpy(-1, mean, weight.RawRowView(c))
		bias[c] -= shift
	}
}

// fold is one training set of the cross-validation on its way along the κ grid.
type fold struct {
	problem  *problem
	held     []int // the rows of the test fold; none for the refit
	labels   []int // of all rows, as given
	active   []int // the classes present among the training rows, ascending
	classes  int
	constant bool // all training rows are equal

	theta  []float64 // solution of the last κ, start of the next
	path   [][]float64
	scores []float64

	atLimit int // fits that ended at MaxIter
}

func newFold(data *coordinates, passes rowPasses, number int, held, y []int, classes int, o Options) *fold {
	f := &fold{held: held, labels: y, classes: classes}
	labels := append([]int(nil), y...)
	for _, i := range held {
		labels[i] = -1
	}
	position := make([]int, classes)
	for _, c := range labels {
		if c >= 0 {
			position[c] = 1
		}
	}
	for c := range position {
		if position[c] > 0 {
			position[c] = len(f.active)
			f.active = append(f.active, c)
		}
	}
	for i, c := range labels {
		if c >= 0 {
			labels[i] = position[c]
		}
	}
	f.problem = newProblem(data, passes, number, labels, len(f.active), o.form())
	f.theta = make([]float64, f.problem.size())
	return f
}

// follow fits the fold with every κ of the grid, each from the solution of the one before, and scores it on the held-out rows.
func (f *fold) follow(ctx context.Context, o Options, done func()) error {
	for _, kappa := range o.Kappas {
		f.problem.setKappa(kappa)
		_, converged, err := f.minimise(ctx, foldAccuracy, o)
		if err != nil {
			return err
		}
		if !converged {
			f.atLimit++
		}
		f.path = append(f.path, append([]float64(nil), f.theta...))
		f.scores = append(f.scores, f.heldOutAccuracy())
		done()
	}
	return nil
}

// minimise moves theta to the minimiser, to the given accuracy, or to where scikit-learn would stop.
func (f *fold) minimise(ctx context.Context, goal accuracy, o Options) (iterations int, converged bool, err error) {
	if err := ctx.Err(); err != nil {
		return 0, false, err
	}
	if !o.Stop.exact() {
		search := newLBFGS(f.problem, f.theta, o)
		err := search.run(ctx, o.MaxIter)
		f.theta = search.theta
		return search.iterations, search.done, err
	}
	if f.constant {
		f.theta = f.problem.priors()
		return 0, true, nil
	}
	goal.maxIter = o.MaxIter
	return newton(ctx, f.problem, f.theta, goal)
}

// heldOutAccuracy is the share of held-out rows whose class has the largest logit among the active classes.
func (f *fold) heldOutAccuracy() float64 {
	weight, bias := f.problem.expand(f.theta)
	logits := make([]float64, len(bias))
	if mean := f.problem.data.mean; mean != nil {
		for c := range bias {
			bias[c] -= dot(weight.RawRowView(c), mean)
		}
	}
	right := 0
	for _, i := range f.held {
		row := f.problem.data.x.RawRowView(i)
		for c := range logits {
			logits[c] = dot(weight.RawRowView(c), row) + bias[c]
		}
		if f.active[argmax(logits)] == f.labels[i] {
			right++
		}
	}
	return float64(right) / float64(len(f.held))
}

// expanded returns theta as weight [C, r] and bias [C] over all classes; absent ones are zero.
func (f *fold) expanded() (*mat.Dense, []float64) {
	weight, bias := f.problem.expand(f.theta)
	if len(f.active) == f.classes {
		return weight, bias
	}
	_, r := weight.Dims()
	fullWeight, fullBias := mat.NewDense(f.classes, r, nil), make([]float64, f.classes)
	for k, c := range f.active {
		fullWeight.SetRow(c, weight.RawRowView(k))
		fullBias[c] = bias[k]
	}
	return fullWeight, fullBias
}

// startFromMean starts the refit from the mean of the folds' solutions at grid position best.
func (f *fold) startFromMean(folds []*fold, best int) {
	r := f.problem.width()
	k := f.problem.outputs
	for _, other := range folds {
		other.theta = other.path[best]
		weight, bias := other.expanded()
		if f.problem.binary { // the row of class 1 is w·slope/2
			share := 2 / f.problem.slope / float64(len(folds))
			axpy(share, weight.RawRowView(1), f.theta[:r])
			f.theta[r] += share * bias[1]
			continue
		}
		axpy(1/float64(len(folds)), weight.RawMatrix().Data, f.theta[:k*r])
		axpy(1/float64(len(folds)), bias, f.theta[k*r:])
	}
}

// progress counts finished fits for a callback that must not be called by two goroutines at once.
type progress struct {
	turn  chan int // holds the count
	total int
	tell  func(done, total int)
}

func newProgress(tell func(int, int), total int) *progress {
	p := &progress{turn: make(chan int, 1), total: total, tell: tell}
	p.turn <- 0
	return p
}

func (p *progress) step() {
	done := <-p.turn + 1
	p.tell(done, p.total)
	p.turn <- done
}
