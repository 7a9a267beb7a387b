package regression

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/probe"
)

// Options of [Fit].
type Options struct {
	// Stop says where the fit for each κ ends; "": at the minimiser of the objective. The paper's numbers come from an
	// L-BFGS that stops earlier, that of scikit-learn 1.0: [probe.StopSklearn10].
	Stop probe.Stop
	// Components replaces the kernel's matrix by its so many largest eigenpairs, U Λ Uᵀ: the regression then has so many
	// features a row instead of N·C, and a weight that lies in their space. 0: the matrix as it is.
	Components int
	// Progress, if set, is told after each of the total fits; calls do not overlap.
	Progress func(done, total int)
}

// iterations bounds those of one fit, as max_iter=10000 of the paper's code (docs/protocol.md, Kernel statistics).
const iterations = 10_000

// Model is the kernel regression of Tables 2 and 9: one binary logistic regression on the rows of a training
// kernel. The row of sample n and class c, of length N·C, has the target 1[y_n = c].
type Model struct {
	Kappa      float64   `json:"kappa"`      // the chosen inverse strength
	Kappas     []float64 `json:"kappas"`     // the grid
	Scores     []float64 `json:"scores"`     // mean held-out share of correct rows for each κ
	Iterations int       `json:"iterations"` // of the final fit
	Converged  bool      `json:"converged"`  // the final fit met its tolerance
	Norm       float64   `json:"norm"`       // ‖w‖
	// AtLimit says that a fit, of the cross-validation or the final one, ended at the limit of iterations; nil: not recorded.
	AtLimit *bool `json:"at_limit,omitempty"`

	N int       `json:"n"`       // training rows of the kernel
	C int       `json:"classes"` // classes
	W []float64 `json:"-"`       // w [N·C]
	B float64   `json:"-"`       // intercept
}

// Fit cross-validates κ over logspace(−4, 4, 10) with five stratified folds, not shuffled, by accuracy, and
// refits with the first best one,
//
//	min_{w,b}  ½‖w‖² + κ·Σ_{n,c} log-loss(w·K[(n,c), :] + b, 1[y_n = c]),
//
// as LogisticRegressionCV(cv=5, max_iter=10000) of scikit-learn does for the same matrix (docs/protocol.md, Kernel statistics).
// train is [N, C, N, C], labels are [N].
//
// Rows of a kernel are badly scaled features (entries of 10² to 10⁴ and a condition number beyond 10⁶), so that for
// large κ L-BFGS stops well before the minimiser, and where it stops can hang on rounding: scikit-learn itself may
// choose another κ when the columns are permuted. The minimiser has no such freedom; its κ and scores are those of
// LogisticRegressionCV(solver="newton-cholesky", tol=1e-10) of scikit-learn 1.7, as long as the entries are small enough
// (below some 10⁵) for that not to fall back to L-BFGS.
func Fit(ctx context.Context, train *kernels.Kernel, labels []int, o Options) (*Model, error) {
	if err := train.CheckLabels(labels); err != nil {
		return nil, err
	}
	if err := train.CheckEntries(); err != nil {
		return nil, err
	}
	if train.M != train.N {
		return nil, fmt.Errorf("kernel regression needs a training kernel [N, C, N, C]: this one has M = %d rows and N = %d columns", train.M, train.N)
	}
	rows, back, err := features(ctx, train, o.Components)
	if err != nil {
		return nil, err
	}
	fitted, err := probe.Fit(ctx, rows, pairTargets(labels, train.C), 2, probe.Options{
		Binomial: true, Stop: o.Stop, MaxIter: iterations, Progress: o.Progress,
	})
	if err != nil {
		return nil, fmt.Errorf("kernel regression on a %d×%d kernel: %w", train.Size(), train.Size(), err)
	}
	m := &Model{
		Kappa: fitted.Kappa, Kappas: fitted.Kappas, Scores: fitted.Scores, Iterations: fitted.Iterations, Converged: fitted.Converged,
		AtLimit: fitted.AtLimit(), N: train.N, C: train.C, B: fitted.Head.B[1] - fitted.Head.B[0],
	}
	w := slices.Clone(fitted.Head.V.RawRowView(1))
	floats.Sub(w, fitted.Head.V.RawRowView(0))
	m.Norm, m.W = floats.Norm(w, 2), back(w)
	return m, nil
}

// features are the rows that the regression sees, and the way back from its weight to one of length N·C. With components
// the row K_p of the kernel becomes (U Λ)_p: the same scalar products with a weight U w'.
func features(ctx context.Context, train *kernels.Kernel, components int) (rows *mat.Dense, back func(w []float64) []float64, err error) {
	if components == 0 {
		return train.Matrix(), func(w []float64) []float64 { return w }, nil
	}
	top, err := kernels.Top(ctx, train, kernels.TopOptions{K: components, Above: 0x1p-52})
	if err != nil {
		return nil, nil, err
	}
	if len(top.Values) == 0 {
		return nil, nil, fmt.Errorf("kernel regression on components of a kernel of zeros: expected a positive eigenvalue")
	}
	rows = mat.DenseCopyOf(top.Vectors.T())
	for p := range train.Size() {
		floats.Mul(rows.RawRowView(p), top.Values)
	}
	return rows, func(w []float64) []float64 {
		out := make([]float64, train.Size())
		mat.NewVecDense(len(out), out).MulVec(top.Vectors.T(), mat.NewVecDense(len(w), w))
		return out
	}, nil
}

// pairTargets is 1[y_n = c] for each pair (n, c), in the kernel's row order n·C + c.
func pairTargets(labels []int, classes int) []int {
	targets := make([]int, len(labels)*classes)
	for n, y := range labels {
		targets[n*classes+y] = 1
	}
	return targets
}

// DecisionValues returns w·K[(n,c), :] + b [M, C] for the training kernel or a test kernel [M, C, N, C].
func (r *Model) DecisionValues(k *kernels.Kernel) (*mat.Dense, error) {
	if err := k.CheckEntries(); err != nil {
		return nil, err
	}
	if k.N != r.N || k.C != r.C {
		return nil, fmt.Errorf("kernel with %d columns of %d classes for a regression fitted to %d of %d: expected the training rows as columns", k.N, k.C, r.N, r.C)
	}
	values := mat.NewDense(k.M, k.C, nil)
	flat := mat.NewVecDense(k.M*k.C, values.RawMatrix().Data)
	flat.MulVec(k.Matrix(), mat.NewVecDense(len(r.W), r.W))
	for i := range k.M {
		floats.AddConst(r.B, values.RawRowView(i))
	}
	return values, nil
}

// Score is what a kernel regression gets right.
type Score struct {
	// Pairs is the share of right (sample, class) pairs, the paper's Acc: "all zero" scores 1 − 1/C.
	Pairs float64 `json:"pairs"`
	// Accuracy is the share of rows whose label has the largest decision value; ties go to the lowest class.
	Accuracy float64 `json:"accuracy"`
}

// Score evaluates the regression on a kernel with as many columns as it was fitted to; labels are those of its rows.
func (r *Model) Score(k *kernels.Kernel, labels []int) (Score, error) {
	values, err := r.DecisionValues(k)
	if err != nil {
		return Score{}, err
	}
	if err := k.CheckLabels(labels); err != nil {
		return Score{}, err
	}
	pairs, right := 0, 0
	for n, y := range labels {
		row := values.RawRowView(n)
		for c, v := range row {
			if (v > 0) == (c == y) {
				pairs++
			}
		}
		if floats.MaxIdx(row) == y {
			right++
		}
	}
	n := float64(len(labels))
	return Score{Pairs: float64(pairs) / (n * float64(k.C)), Accuracy: float64(right) / n}, nil
}
