#!/usr/bin/env python3
"""Writes the scikit-learn fixtures of package probe into this folder, one JSON file a case.

    pip install -r lpftlib/probe/testdata/requirements.txt
    python lpftlib/probe/testdata/make_fixtures.py

scikit-learn must be older than 1.8: later versions have no multi_class argument and fit two classes as a
binomial model, which is another objective. The tolerance is far below the default 1e-4, because at that value
L-BFGS stops before the optimum for large C, and its scores then depend on rounding.
"""
import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import StratifiedKFold

HERE = pathlib.Path(__file__).parent
KAPPAS = np.logspace(-4, 4, 10)
PATH_ITERATIONS = [1, 2, 5, 10, 20]

#        name     counts of the classes    h   separation  seed
CASES = [
    ("three", [20, 20, 20], 12, 0.35, 8),
    ("two", [45, 35], 10, 0.4, 2),
    ("uneven", [41, 3, 17, 9, 20], 8, 0.9, 3),  # class 1 has fewer members than there are folds
    ("wide", [16, 14, 10], 64, 0.25, 4),  # N < h
]


def make(counts, h, separation, seed):
    """Features with a large common part, as a transformer's are, and rows in random order."""
    r = np.random.default_rng(seed)
    y = r.permutation(np.repeat(np.arange(len(counts)), counts))
    centres = separation * r.normal(size=(len(counts), h))
    x = 2 * r.normal(size=h) + centres[y] + r.normal(size=(len(y), h)) * np.arange(1, h + 1) ** -0.25
    return np.round(x, 3), y


def case(name, counts, h, separation, seed):
    x, y = make(counts, h, separation, seed)
    common = dict(multi_class="multinomial", max_iter=5000)
    cv = LogisticRegressionCV(Cs=KAPPAS, cv=5, tol=1e-10, **common).fit(x, y)
    kappa = float(cv.C_[0])
    fit = LogisticRegression(C=kappa, tol=1e-12, **common).fit(x, y)
    weight, bias = fit.coef_, fit.intercept_
    if len(counts) == 2:  # scikit-learn keeps only w of W = [-w; w]
        weight, bias = np.vstack([-weight, weight]), np.concatenate([-bias, bias])
    norms = []
    for k in PATH_ITERATIONS:
        step = LogisticRegression(C=kappa, multi_class="multinomial", max_iter=k).fit(x, y)
        scale = np.sqrt(2) if len(counts) == 2 else 1
        norms.append(float(scale * np.linalg.norm(step.coef_)))
    folds = [test.tolist() for _, test in StratifiedKFold(5).split(x, y)]
    record = dict(
        scikit_learn=sklearn.__version__, classes=len(counts), x=x.tolist(), y=y.tolist(), folds=folds,
        kappas=KAPPAS.tolist(), fold_scores=list(cv.scores_.values())[-1].tolist(), kappa=kappa,
        weight=weight.tolist(), bias=bias.tolist(), path_iterations=PATH_ITERATIONS, path_norms=norms,
    )
    (HERE / f"{name}.json").write_text(json.dumps(record) + "\n")
    print(f"{name}: kappa {kappa:.4g}, norm {np.linalg.norm(weight):.4g}, scores {np.round(list(cv.scores_.values())[-1].mean(0), 3)}")


def stratified(seed, n, classes, k):
    """Labels of any proportions and the folds scikit-learn makes of them."""
    r = np.random.default_rng(seed)
    y = r.choice(classes, size=n, p=r.dirichlet(np.ones(classes)))
    folds = [test.tolist() for _, test in StratifiedKFold(k).split(np.zeros(n), y)]
    return dict(classes=classes, k=k, y=y.tolist(), folds=folds)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    assert sklearn.__version__ == "1.7.2", sklearn.__version__
    for c in CASES:
        case(*c)
    shapes = [(11, 23, 2, 5), (12, 57, 3, 5), (13, 41, 5, 3), (14, 100, 7, 10), (15, 30, 2, 2), (16, 64, 4, 5)]
    (HERE / "folds.json").write_text(json.dumps([stratified(*s) for s in shapes]) + "\n")
