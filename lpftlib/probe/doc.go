// Package probe fits linear probes (LP): multinomial logistic regression on frozen features with a
// cross-validated L2 strength. It is the first stage of LP-FT and the source of the head V, b that the
// fine-tuning stage starts from (Tomihari & Sato, NeurIPS 2024, Section 3 and Appendix A.3).
//
// # The objective
//
// For features φ_i ∈ R^h with labels y_i, and an inverse regularisation strength κ ("C" in scikit-learn),
//
//	min_{W,b}  ½‖W‖_F² + κ·Σ_i CE(Wφ_i + b, y_i),      W ∈ R^{C×h},  b ∈ R^C (not penalised).
//
// κ is chosen from ten values, logspace(-4, 4), by five-fold cross-validation: the folds are stratified
// and not shuffled, so they follow the order of the rows; the score is the accuracy on the held-out fold;
// the first maximiser of the mean score wins; the head is then refitted on all rows.
//
//	head, err := probe.Fit(ctx, features, labels, 3, probe.Options{})
//	fmt.Println(head.Kappa, head.Norm(), head.Predict(test))
//
// At the optimum Σ_i δ_i φ_iᵀ = V/κ and Σ_i δ_i = 0, with the residuals δ_i = e_{y_i} − softmax(Vφ_i + b).
// The refit is converged far enough for both to hold to about 1e-8 relative.
//
// # Two classes
//
// Both rows of W are under the penalty, so W = [−w; w] by symmetry. The paper's published code halves that
// head for two classes; Options.PaperCompatible does the same. Labels and κ are unchanged, logits and
// ‖V‖_F are half as large, and the identities above hold for the unhalved head only.
//
// # How it is solved
//
// Any exact minimiser of a strictly convex problem is the same, so Fit does not imitate scikit-learn's
// L-BFGS. The features are centred (the unpenalised bias absorbs the shift), reduced by a QR factorisation
// to N coordinates when N < h (the optimum lies in the span of the rows), and each fit is a truncated
// Newton method with conjugate gradients. Their preconditioner is the Hessian as if every row had the mean
// curvature; the Gram matrix in it is made tridiagonal once, so that every fold has its own preconditioner at
// every κ. All folds read the rows in the same passes: one waits until the others need a pass too. Each fit
// starts from the solution of the previous κ. A result does not depend, to the last bit, on the number of
// workers; it does on the build, in the last digits, because GOEXPERIMENT=simd adds up in another order.
//
// # Where a fit ends
//
// scikit-learn stops its L-BFGS well before the optimum where data are well separated and κ is large, or where features are
// nearly parallel and κ is small; there its ‖W‖, its cross-validation scores and now and then its κ differ from the converged
// ones that Fit returns. Options.Stop makes Fit follow that L-BFGS and stop where it does:
//
//	head, err := probe.Fit(ctx, features, labels, 3, probe.Options{Stop: probe.StopSklearn10})
//
// StopSklearn10 is the rule of the paper's version, on the sum over the rows; StopSklearn17 that of a later one, on the
// mean, which stops earlier. The route is scipy's: ten pairs, the line search of Moré and Thuente, the first step of
// length 1. Up to some fifty iterations ours has as many as scikit-learn's; longer routes end where rounding sends them,
// scikit-learn's own too when the columns are permuted, there with norms a few 1e-4 apart. On badly scaled
// features, such as the rows of a kernel with entries of 10² to 10⁴, rounding can decide the choice of κ. A route that takes
// thousands of iterations costs as many passes over the rows, the minimiser some tens.
//
// Options.Binomial is scikit-learn's objective for binary targets; package kernels/regression fits with both.
//
// Path, which shows how ‖V‖ grows with the number of L-BFGS iterations (Figures 1 and 4, panel LP), always follows that
// route, because there the route is the result.
package probe
