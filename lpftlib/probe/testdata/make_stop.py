#!/usr/bin/env python3
"""Writes stop.json: where scikit-learn 1.0.1, the paper's version, stops on a few problems.

    python3.9 -m venv OLD && OLD/bin/pip install -r lpftlib/probe/testdata/requirements-1.0.txt   # Python 3.7 to 3.9
    OLD/bin/python lpftlib/probe/testdata/make_stop.py

scikit-learn 1.0.1 gives scipy's L-BFGS-B the loss summed over the rows with gtol = 1e-4 and leaves ftol at scipy's
2.2e-9; a fold's fits start from one another along the grid, the refit from the mean of the folds' coefficients. Most of
the features are like RoBERTa's at the first token: rows with cosines of 0.996 to 0.999. Routes of a hundred iterations and more
end where rounding sends them, so each problem is fitted again with permuted columns: "spread" is the largest relative
deviation of the head's norm, "stable" says for which C the number of iterations stays the same.
"""
import json
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from sklearn.linear_model import LogisticRegressionCV
from sklearn.linear_model._logistic import _logistic_regression_path

KAPPAS = np.logspace(-4, 4, 10)
PERMUTATIONS = 5
COMMON = dict(multi_class="multinomial", max_iter=5000)

#        name                        C  N   h   common  noise  decay  seed
CASES = [
    ("two classes",                  2, 60, 32, 0.5, 0.08, 0.5, 5),
    ("two classes, another choice",  2, 60, 32, 0.5, 0.08, 1.0, 3),  # the minimisers choose C = 1e-4
    ("three classes",                3, 60, 32, 0.5, 0.08, 0.5, 1),
    ("three classes, fast decay",    3, 60, 32, 0.5, 0.08, 1.0, 4),
    ("three classes, without a common part", 3, 60, 12, 0.0, 1.0, 0.25, 7),
    ("more columns than rows",       2, 40, 64, 0.5, 0.08, 0.5, 11),
]


def make(classes, n, h, common, noise, decay, seed):
    """Rows of norm common·√h around one direction, with a part of the class."""
    r = np.random.default_rng(seed)
    y = r.permutation(np.arange(n) % classes)
    direction = r.normal(size=h)
    centres = 0.1 * r.normal(size=(classes, h))
    rest = centres[y] + r.normal(size=(n, h)) * np.arange(1, h + 1) ** -decay
    return np.round(np.sqrt(h) * common * direction / np.linalg.norm(direction) + noise * rest, 4), y


def norm(coef):
    return float(np.linalg.norm(coef) * (np.sqrt(2) if len(coef) == 1 else 1))  # W = [-w; w], of which it keeps w


def fit(x, y):
    """The cross-validation and, beside it, one path along the grid on all rows, from zero."""
    cv = LogisticRegressionCV(cv=5, **COMMON).fit(x, y)
    coefs, _, iterations = _logistic_regression_path(x, y, Cs=KAPPAS, tol=1e-4, **COMMON)
    return dict(kappa=float(cv.C_[0]), norm=norm(cv.coef_), fold_scores=cv.scores_[1].tolist(),
                path_norms=[norm(c[:, :-1]) for c in coefs], path_iterations=iterations.tolist())


def cosine(x):
    z = x / np.linalg.norm(x, axis=1, keepdims=True)
    return (np.square(z.sum(0)).sum() - len(x)) / (len(x) * (len(x) - 1))


def case(name, classes, *how):
    x, y = make(classes, *how)
    found = fit(x, y)
    others = [fit(x[:, np.random.default_rng(i).permutation(x.shape[1])], y) for i in range(PERMUTATIONS)]
    assert all(o[k] == found[k] for o in others for k in ("kappa", "fold_scores")), f"{name}: rounding decides the choice"
    found["spread"] = max(abs(o["norm"] / found["norm"] - 1) for o in others)
    assert found["spread"] < 1e-3, f"{name}: rounding moves the norm by {found['spread']:.1g}"
    iterations = np.array([o["path_iterations"] for o in others])
    found["stable"] = (iterations == found["path_iterations"]).all(0).tolist()
    norms = np.array([o["path_norms"] for o in others]) / found["path_norms"]
    found["path_spread"] = np.abs(norms - 1).max(0).tolist()
    print(f"{name}: cosine {cosine(x):.4f}, kappa {found['kappa']:.4g}, norm {found['norm']:.5g} (spread {found['spread']:.1g}), "
          f"iterations {found['path_iterations']}, stable {sum(found['stable'])}", flush=True)
    return dict(name=name, classes=classes, x=x.tolist(), y=y.tolist(), **found)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    assert (sklearn.__version__, scipy.__version__) == ("1.0.1", "1.7.3"), (sklearn.__version__, scipy.__version__)
    record = [case(*c) for c in CASES]
    (pathlib.Path(__file__).parent / "stop.json").write_text(json.dumps(record) + "\n")
