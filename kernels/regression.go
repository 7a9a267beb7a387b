package kernels

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/probe"
)

// RegressionOptions of [FitRegression]; the zero value is the paper's setting.
type RegressionOptions struct {
	// Minimiser goes on to the minimiser of the objective for every κ. Otherwise the fit follows the L-BFGS of
	// scikit-learn 1.7 and stops where that stops; the paper's numbers come from an L-BFGS too, that of 1.0.
	Minimiser bool
	// Progress, if set, is told after each of the total fits; calls do not overlap.
	Progress func(done, total int)
}

// regressionIterations bounds the iterations of one fit (docs/protocol.md, Kernel statistics).
const regressionIterations = 10_000

// Regression is the kernel regression of Tables 2 and 9: one binary logistic regression on the rows of a training
// kernel. The row of sample n and class c, of length N·C, has the target 1[y_n = c].
type Regression struct {
	Kappa      float64   `json:"kappa"`      // the chosen inverse strength
	Kappas     []float64 `json:"kappas"`     // the grid
	Scores     []float64 `json:"scores"`     // mean held-out share of correct rows for each κ
	Iterations int       `json:"iterations"` // of the final fit
	Converged  bool      `json:"converged"`  // the final fit met its tolerance
	Norm       float64   `json:"norm"`       // ‖w‖

	N int       `json:"n"`       // training rows of the kernel
	C int       `json:"classes"` // classes
	W []float64 `json:"-"`       // w [N·C]
	B float64   `json:"-"`       // intercept
}

// FitRegression cross-validates κ over logspace(−4, 4, 10) with five stratified folds, not shuffled, by accuracy, and
// refits with the first best one,
//
//	min_{w,b}  ½‖w‖² + κ·Σ_{n,c} log-loss(w·K[(n,c), :] + b, 1[y_n = c]),
//
// as LogisticRegressionCV(cv=5, max_iter=10000) of scikit-learn 1.7 does for the same matrix (docs/protocol.md, Kernel statistics).
// train is [N, C, N, C], labels are [N].
//
// Rows of a kernel are badly scaled features (entries of 10² to 10⁴ and a condition number beyond 10⁶), so that for
// large κ L-BFGS stops well before the minimiser, and where it stops can hang on rounding: scikit-learn itself may
// choose another κ when the columns are permuted. Minimiser avoids that; its κ and scores are those of
// LogisticRegressionCV(solver="newton-cholesky", tol=1e-10), as long as the entries are small enough (below some 10⁵)
// for that not to fall back to L-BFGS.
func FitRegression(ctx context.Context, train *Kernel, labels []int, o RegressionOptions) (*Regression, error) {
	rows, err := train.square("kernel regression")
	if err != nil {
		return nil, err
	}
	if err := train.checkLabels(labels); err != nil {
		return nil, err
	}
	fitted, err := probe.Fit(ctx, rows, pairTargets(labels, train.C), 2, probe.Options{
		Binomial: true, StopAsScikitLearn: !o.Minimiser, MaxIter: regressionIterations, Progress: o.Progress,
	})
	if err != nil {
		return nil, fmt.Errorf("kernels: kernel regression on a %d×%d kernel: %w", train.N*train.C, train.N*train.C, err)
	}
	r := &Regression{
		Kappa: fitted.Kappa, Kappas: fitted.Kappas, Scores: fitted.Scores, Iterations: fitted.Iterations, Converged: fitted.Converged,
		N: train.N, C: train.C, B: fitted.Head.B[1] - fitted.Head.B[0],
	}
	r.W = append(r.W, fitted.Head.V.RawRowView(1)...)
	floats.Sub(r.W, fitted.Head.V.RawRowView(0))
	r.Norm = floats.Norm(r.W, 2)
	return r, nil
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
func (r *Regression) DecisionValues(k *Kernel) (*mat.Dense, error) {
	if err := k.checkEntries(); err != nil {
		return nil, err
	}
	if k.M != r.N || k.C != r.C {
		return nil, fmt.Errorf("kernels: kernel with %d columns of %d classes for a regression fitted to %d of %d: expected the training rows as columns", k.M, k.C, r.N, r.C)
	}
	values := mat.NewDense(k.N, k.C, nil)
	flat := mat.NewVecDense(k.N*k.C, values.RawMatrix().Data)
	flat.MulVec(k.matrix(), mat.NewVecDense(len(r.W), r.W))
	for i := range k.N {
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
func (r *Regression) Score(k *Kernel, labels []int) (Score, error) {
	values, err := r.DecisionValues(k)
	if err != nil {
		return Score{}, err
	}
	if err := k.checkLabels(labels); err != nil {
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
