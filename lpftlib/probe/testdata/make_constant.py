#!/usr/bin/env python3
"""Writes constant.json: features of which all rows, or all of a fold's, are equal, and scikit-learn's heads.

    pip install -r lpftlib/probe/testdata/requirements.txt
    python lpftlib/probe/testdata/make_constant.py
"""
import json
import pathlib
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

KAPPAS = np.logspace(-4, 4, 10)


def case(name, x, y):
    common = dict(multi_class="multinomial", max_iter=5000)
    # LogisticRegressionCV, spelled out: it breaks off where a fold lacks a class.
    scores = [[LogisticRegression(C=kappa, tol=1e-10, **common).fit(x[train], y[train]).score(x[test], y[test]) for kappa in KAPPAS]
              for train, test in StratifiedKFold(5).split(x, y)]
    kappa = float(KAPPAS[np.argmax(np.sum(scores, axis=0))])
    fit = LogisticRegression(C=kappa, tol=1e-12, **common).fit(x, y)
    weight, bias = fit.coef_, fit.intercept_
    if len(set(y)) == 2:  # scikit-learn keeps only w of W = [-w; w]
        weight, bias = np.vstack([-weight, weight]), np.concatenate([-bias, bias])
    return dict(name=name, classes=len(set(y)), x=x.tolist(), y=y.tolist(), kappa=kappa,
                fold_scores=scores, weight=weight.tolist(), bias=bias.tolist())


def main():
    warnings.simplefilter("ignore")
    three = np.repeat([0, 1, 2], [5, 4, 1])
    two = np.array([0, 1, 1, 0, 1, 1, 0, 1, 1, 1])
    one_differs = np.zeros((10, 1))
    one_differs[9] = 1
    cases = [
        case("zeros, the data of scikit-learn issue 28178", np.zeros((10, 1)), three),
        case("ten equal rows", np.tile([0.1, -2.5, 1e-3, 7], (10, 1)), three),
        case("more columns than rows", np.tile(np.arange(1, 25) / 7, (10, 1)), three),
        case("two classes", np.full((10, 2), 0.3), two),
        case("one row differs", one_differs, two),
    ]
    (pathlib.Path(__file__).parent / "constant.json").write_text(json.dumps(cases) + "\n")


main()
