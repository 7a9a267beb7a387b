#!/usr/bin/env python3
"""Writes the scikit-learn fixtures of the kernel regression into this folder, one JSON file a kernel.

    pip install -r kernels/regression/testdata/requirements.txt
    python kernels/regression/testdata/make_regression_fixtures.py

The kernels are synthetic and look like real ones: P is a Gram matrix of nearly parallel features times the identity,
F one of Jacobians with a large common part, a part of each class and a decaying rest, at the scale of a random or of
an LP head. Entries are rounded to five digits, so that the rank is full at the level of rounding as in float32.

Each file has the answers of LogisticRegressionCV(cv=5, max_iter=10000) and of the same at the minimiser
(solver="newton-cholesky", tol=1e-10). The first stops early for large C, at a point that hangs on rounding: "stable"
says for which values of C, and for the choice of C and the final scores, it gives the same answer when the columns
are permuted and BLAS therefore sums in another order.
"""
import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegressionCV

HERE = pathlib.Path(__file__).parent
ROWS, TEST = 20, 8
PERMUTATIONS = 6


def kernels(seed, classes, head, separation, h=16):
    """P and F [ROWS + TEST, C, ROWS, C] and labels; the first ROWS rows are the training rows."""
    r = np.random.default_rng(seed)
    rows = ROWS + TEST
    y = r.permutation(np.arange(rows) % classes)
    common = r.normal(size=h) * np.sqrt(130 / h)
    centres = separation * r.normal(size=(classes, h))
    phi = common + centres[y] + r.normal(size=(rows, h)) * np.arange(1, h + 1) ** -0.7
    p = np.kron(phi @ phi[:ROWS].T + 1, np.eye(classes))
    width = 4 * h
    v = head * r.normal(size=(classes, h))
    decay = np.arange(1, width + 1) ** -0.3
    draw = lambda: r.normal(size=(h, width)) / np.sqrt(width)
    base, of_class = draw(), [separation * draw() for _ in range(classes)]
    jacobian = np.stack([v @ (base + of_class[c] + 0.5 * draw() * decay) for c in y]).reshape(-1, width)
    f = 400 * jacobian @ jacobian[: ROWS * classes].T
    return p, f, y


def pairs(y, classes):
    return (y[:, None] == np.arange(classes)).ravel().astype(int)


def answer(train, test, y, y_test, classes, **how):
    """What LogisticRegressionCV finds, in numbers that do not depend on the order of the columns."""
    m = LogisticRegressionCV(cv=5, max_iter=10000, **how).fit(train, pairs(y, classes))
    accuracy = lambda k, labels: float((m.decision_function(k).reshape(-1, classes).argmax(1) == labels).mean())
    return dict(
        kappa=float(m.C_[0]), scores=m.scores_[1].mean(0).tolist(), norm=float(np.linalg.norm(m.coef_)),
        train=[m.score(train, pairs(y, classes)), accuracy(train, y)],
        test=[m.score(test, pairs(y_test, classes)), accuracy(test, y_test)],
        decision_test=m.decision_function(test).tolist(),
    )


def case(name, kernel, y, classes):
    five = lambda k: np.array([[float(f"{v:.5g}") for v in row] for row in k])
    k = five(kernel)
    train, test, y, y_test = k[: ROWS * classes], k[ROWS * classes :], y[:ROWS], y[ROWS:]
    train = np.triu(train) + np.triu(train, 1).T
    early = answer(train, test, y, y_test, classes)
    others = []
    for i in range(PERMUTATIONS):
        p = np.random.default_rng(i).permutation(train.shape[1])
        others.append(answer(train[:, p], test[:, p], y, y_test, classes))
    stable = dict(
        scores=[all(o["scores"][j] == s for o in others) for j, s in enumerate(early["scores"])],
        choice=all(o[key] == early[key] for o in others for key in ("kappa", "train", "test")),
    )
    minimiser = answer(train, test, y, y_test, classes, solver="newton-cholesky", tol=1e-10)
    record = dict(
        scikit_learn=sklearn.__version__, classes=classes, labels=y.tolist(), labels_test=y_test.tolist(),
        train=train.ravel().tolist(), test=test.ravel().tolist(), early=early, stable=stable, minimiser=minimiser,
    )
    text = json.dumps(record, separators=(",", ":")).replace(".0,", ",")
    (HERE / f"regression-{name}.json").write_text(text + "\n")
    print(f"{name}: kappa {early['kappa']:.4g} (minimiser {minimiser['kappa']:.4g}), test {early['test'][0]:.3f} "
          f"({minimiser['test'][0]:.3f}), stable {sum(stable['scores'])} of 10, choice {stable['choice']}")
    return early, stable, minimiser


#    part      seed  C  head  separation
CASES = [
    ("p", 3, 3, 0.02, 0.15),
    ("f", 5, 3, 0.02, 0.15),  # stopping early decides the choice of C, and the test score
    ("theta", 4, 3, 0.02, 0.15),
    ("f", 1, 3, 1.0, 0.1),  # the default's choice hangs on rounding
    ("theta", 1, 2, 1.0, 0.1),  # as before
    ("f", 4, 2, 1.0, 0.1),
]


def main():
    found = []
    for part, seed, classes, head, separation in CASES:
        p, f, y = kernels(seed, classes, head, separation)
        name = f"{part}-c{classes}-{'lp' if head == 1 else 'random'}"
        found.append(case(name, dict(p=p, f=f, theta=p + f)[part], y, classes))
    assert sum(s["choice"] for _, s, _ in found) == 4, "other cases than these two hang on rounding"
    assert any(s["choice"] and e["kappa"] != m["kappa"] for e, s, m in found), "no case in which stopping early decides"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    assert sklearn.__version__ == "1.7.2", sklearn.__version__
    main()
