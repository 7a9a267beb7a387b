#!/usr/bin/env python3
"""Compares the kernel regressions of a result with scikit-learn's on the same matrices.

    pip install -r kernels/regression/testdata/requirements.txt
    python kernels/regression/testdata/check_regression.py k.npz summary.json

k.npz holds p, f, theta [N, C, N, C] and labels [N], and for test scores p_test, f_test, theta_test [M, C, N, C] and
labels_test [M]. summary.json is study.Summary as JSON, of those kernels, from a profile with "stop": "exact": there
the regression that stops early is scikit-learn 1.7's.

"regression" is compared with LogisticRegressionCV(cv=5, max_iter=10000), "regression_minimiser" with the same and
solver="newton-cholesky", tol=1e-10. That solver falls back to L-BFGS where the Hessian is ill conditioned (entries
of 1e5); there the oracle is Newton's method by least squares, which squares no condition number. The first stops before the minimiser where rounding decides: it is fitted again
with permuted columns, and a disagreement with our result counts only where scikit-learn agrees with itself: for the
scores up to the first C at which it does not (each fit starts from the last one), for the choice of C and the final
scores if there is no such C. Exit status 1 if anything counts.
"""
import json
import sys
import warnings

import numpy as np
import scipy.linalg
import sklearn
from scipy.special import expit
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import StratifiedKFold

PERMUTATIONS = 6


def pairs(y, classes):
    return (y[:, None] == np.arange(classes)).ravel().astype(int)


def answer(train, y, test, y_test, classes, columns, **how):
    m = LogisticRegressionCV(cv=5, max_iter=10000, **how).fit(train[:, columns], pairs(y, classes))

    decide = lambda k: m.decision_function(k[:, columns])
    return dict(kappa=float(m.C_[0]), scores=m.scores_[1].mean(0), train=score(decide, train, y, classes),
                test=None if test is None else score(decide, test, y_test, classes))


def score(decide, k, labels, classes):
    d = decide(k)
    right = d.reshape(-1, classes).argmax(1) == labels
    return float(((d > 0) == pairs(labels, classes)).mean()), float(right.mean())


def newton(x, y, kappa):
    """Minimises |w|^2/2 + kappa * log-loss: every Newton step is a least-squares problem of the stacked square roots."""
    n, p = x.shape
    theta, ridge = np.zeros(p + 1), np.hstack([np.eye(p), np.zeros((p, 1))]) / np.sqrt(kappa)
    x = np.hstack([x, np.ones((n, 1))])
    value = lambda t: np.logaddexp(0, np.where(y == 1, -1, 1) * (x @ t)).sum() + t[:p] @ t[:p] / (2 * kappa)
    for _ in range(200):
        q = expit(x @ theta)
        root = np.sqrt(np.maximum(q * (1 - q), 1e-300))
        step = np.linalg.lstsq(np.vstack([x * root[:, None], ridge]),
                               np.concatenate([(y - q) / root, -ridge @ theta]), rcond=None)[0]
        while value(theta + step) > value(theta) and np.linalg.norm(step) > 1e-12 * np.linalg.norm(theta):
            step /= 2
        theta = theta + step
        if np.linalg.norm(step[:p]) < 1e-11 * np.linalg.norm(theta[:p]):
            break
    return theta[:p], theta[p]


def least_squares_answer(train, y, test, y_test, classes):
    kappas, targets, scores = np.logspace(-4, 4, 10), pairs(y, classes), []
    for kappa in kappas:
        fold = []
        for a, b in StratifiedKFold(5).split(train, targets):
            w, bias = newton(train[a], targets[a], kappa)
            fold.append(((train[b] @ w + bias > 0) == targets[b]).mean())
        scores.append(np.mean(fold))
    kappa = kappas[int(np.argmax(scores))]
    w, bias = newton(train, targets, kappa)
    decide = lambda k: k @ w + bias
    return dict(kappa=float(kappa), scores=np.array(scores), train=score(decide, train, y, classes),
                test=None if test is None else score(decide, test, y_test, classes))


def minimiser(*rest):
    """scikit-learn's answer at the minimiser, or ours by least squares where its Newton solver gives up."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", scipy.linalg.LinAlgWarning)
        try:
            return "scikit-learn", answer(*rest, np.arange(rest[0].shape[1]), solver="newton-cholesky", tol=1e-10)
        except scipy.linalg.LinAlgWarning:
            return "least squares", least_squares_answer(*rest)


def ours(r):
    both = lambda s: (s["pairs"], s["accuracy"])
    return dict(kappa=r["kappa"], scores=np.array(r["scores"]), train=both(r["train"]),
                test=both(r["test"]) if "test" in r else None)


def same(a, b):
    """Whether κ and all final scores are equal."""
    close = lambda u, v: u is None or v is None or np.allclose(u, v, rtol=0, atol=1e-9)
    return bool(np.isclose(a["kappa"], b["kappa"], rtol=1e-9)) and close(a["train"], b["train"]) and close(a["test"], b["test"])


def line(name, a):
    per = lambda s: "-" if s is None else f"{100 * s[0]:6.2f} ({100 * s[1]:6.2f})"
    return f"  {name:13} kappa {a['kappa']:9.4g}  train {per(a['train'])}  test {per(a['test'])}"


def main(kernel_file, summary_file):
    z = np.load(kernel_file)
    with open(summary_file) as f:
        summary = json.load(f)
    y, y_test = z["labels"], z["labels_test"] if "labels_test" in z else None
    failures = 0
    for key, part in [("p", "pretrain_e"), ("f", "ft_e"), ("theta", "ntk")]:
        n, classes = z[key].shape[:2]
        train = z[key].astype(np.float64).reshape(n * classes, -1)  # in float32 scikit-learn would also compute so
        test = z[key + "_test"].astype(np.float64).reshape(-1, n * classes) if key + "_test" in z else None
        rest = (train, y, test, y_test, classes)
        identity = np.arange(n * classes)

        early, got = answer(*rest, identity), ours(summary[part]["regression"])
        others = [answer(*rest, np.random.default_rng(i).permutation(n * classes)) for i in range(PERMUTATIONS)]
        columns = np.logical_and.accumulate([all(o["scores"][j] == s for o in others) for j, s in enumerate(early["scores"])])
        stable = columns.all() and all(same(early, o) for o in others)
        equal = np.abs(early["scores"] - got["scores"]) < 1e-9
        bad = int((columns & ~equal).sum())
        verdict = "equal" if same(early, got) else "DIFFERENT" if stable else "different, but scikit-learn differs from itself"
        failures += (verdict == "DIFFERENT") + bad
        print(f"{key}, stopping early: {verdict}; mean fold scores equal for {equal.sum()} of 10 kappa "
              f"(scikit-learn agrees with itself for the first {columns.sum()}, and we differ in {bad} of those)")
        print(line("lpft", got), line("scikit-learn", early), sep="\n")

        (oracle, exact), got = minimiser(*rest), ours(summary[part]["regression_minimiser"])
        equal = np.abs(exact["scores"] - got["scores"]) < 1e-9
        good = same(exact, got) and equal.all()
        failures += not good
        print(f"{key}, minimiser: {'equal' if good else 'DIFFERENT'}; mean fold scores equal for {equal.sum()} of 10 kappa")
        print(line("lpft", got), line(oracle, exact), sep="\n")
    print("all equal" if failures == 0 else f"{failures} disagreements")
    return failures != 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    assert sklearn.__version__ == "1.7.2", sklearn.__version__
    sys.exit(main(*sys.argv[1:]))
