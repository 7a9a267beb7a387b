package probe

import (
	"fmt"
	"math"
	"runtime"

	"gonum.org/v1/gonum/mat"
)

// Options of Fit and Path; the zero value asks for the paper's settings (Appendix A.3, scikit-learn's defaults).
type Options struct {
	// Kappas is the grid of inverse regularisation strengths, in warm-start order; nil: logspace(-4, 4, 10).
	Kappas []float64
	// Folds of the cross-validation; 0: 5.
	Folds int
	// MaxIter bounds the iterations of one fit; 0: 5,000.
	MaxIter int
	// Tol is the largest entry of the gradient at which L-BFGS may stop, of the sum over the rows with StopSklearn10, of
	// the mean in StopSklearn17 and Path; 0: 1e-4, as scikit-learn. With StopExact Fit does not look at it and goes on
	// until the error of W is estimated at 1e-6 of ‖W‖ (folds), or the gradient proves it below 1e-11 (refit).
	Tol float64
	// Binomial fits two classes with one row w under the penalty,
	//
	//	min_{w,b}  ½‖w‖² + κ·Σ_i log(1 + exp(∓(w·φ_i + b))),
	//
	// as scikit-learn does for a binary target without multi_class="multinomial". The head is [−w/2; w/2], so
	// that f₁ − f₀ = w·φ + b. With W = [−w/2; w/2] the usual penalty is ½‖W‖² = ¼‖w‖²: the same head comes
	// from the multinomial objective with κ/2. It is an error with more than two classes or with PaperCompatible.
	Binomial bool
	// Stop says where a fit ends; "": at the minimiser. The other rules follow scikit-learn's L-BFGS on the features as
	// they are, with warm starts along the grid, and a refit from the mean of the folds. On features of a bad scale the
	// results differ, in κ too; see the package comment.
	Stop Stop
	// PaperCompatible halves the head of a two-class problem, as the paper's published code does.
	PaperCompatible bool
	// Workers is the number of goroutines that compute at once; 0: the number of CPUs.
	Workers int
	// Progress, if set, is told after each of the total = len(Kappas)·Folds + 1 fits; calls do not overlap.
	Progress func(done, total int)
}

// withDefaults fills the zero fields and checks the others.
func (o Options) withDefaults() (Options, error) {
	if o.Kappas == nil {
		o.Kappas = DefaultKappas()
	}
	if len(o.Kappas) == 0 {
		return o, fmt.Errorf("probe: Options.Kappas is empty: give at least one value, or nil for logspace(-4, 4, 10)")
	}
	for i, k := range o.Kappas {
		if !(k > 0) || math.IsInf(k, 1) {
			return o, fmt.Errorf("probe: Options.Kappas[%d] = %v: expected a positive finite number", i, k)
		}
	}
	if o.Folds == 0 {
		o.Folds = 5
	}
	if o.Folds < 2 {
		return o, fmt.Errorf("probe: Options.Folds = %d: expected at least 2", o.Folds)
	}
	if o.MaxIter == 0 {
		o.MaxIter = 5000
	}
	if o.MaxIter < 0 {
		return o, fmt.Errorf("probe: Options.MaxIter = %d: expected a positive number", o.MaxIter)
	}
	if o.Tol == 0 {
		o.Tol = 1e-4
	}
	if !(o.Tol > 0) {
		return o, fmt.Errorf("probe: Options.Tol = %v: expected a positive number", o.Tol)
	}
	stop, err := ParseStop(string(o.Stop))
	if err != nil {
		return o, fmt.Errorf("probe: Options.Stop: %w", err)
	}
	o.Stop = stop
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	return o, nil
}

// DefaultKappas is the grid of the paper: ten values, evenly spaced in log10 from 1e-4 to 1e4.
func DefaultKappas() []float64 {
	kappas := make([]float64, 10)
	for i := range kappas {
		kappas[i] = math.Pow(10, -4+8*float64(i)/9)
	}
	return kappas
}

// checkClasses refuses options that do not fit the number of classes.
func (o Options) checkClasses(classes int) error {
	if o.Binomial && (classes != 2 || o.PaperCompatible) {
		return fmt.Errorf("probe: Options.Binomial with %d classes, PaperCompatible %v: expected 2 and false", classes, o.PaperCompatible)
	}
	return nil
}

// form is how Fit writes a two-class problem.
func (o Options) form() form {
	switch {
	case o.Binomial:
		return binomial
	case !o.Stop.exact():
		return twoRows
	}
	return symmetric
}

// checkData refuses features and labels that no probe can be fitted to.
func checkData(x *mat.Dense, y []int, classes int) error {
	if x == nil || x.IsEmpty() {
		return fmt.Errorf("probe: no features: expected a matrix [N, h] with at least one row")
	}
	n, _ := x.Dims()
	if len(y) != n {
		return fmt.Errorf("probe: %d labels for %d rows of features: expected one label a row", len(y), n)
	}
	if classes < 2 {
		return fmt.Errorf("probe: %d classes: expected at least 2", classes)
	}
	counts := make([]int, classes)
	for i, label := range y {
		if label < 0 || label >= classes {
			return fmt.Errorf("probe: label %d of row %d: expected 0 … %d", label, i, classes-1)
		}
		counts[label]++
	}
	for c, count := range counts {
		if count == n {
			return fmt.Errorf("probe: all %d training rows belong to class %d: at least two classes are needed to fit a head", n, c)
		}
	}
	for c, count := range counts {
		if count == 0 {
			return fmt.Errorf("probe: no training row of class %d (of %d): its row of the head has no minimiser; take more rows", c, classes)
		}
	}
	for i := range n {
		for j, v := range x.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("probe: feature [%d, %d] is %v: expected finite numbers; check the encoder's output for that row", i, j, v)
			}
		}
	}
	return nil
}
