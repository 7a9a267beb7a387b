#!/usr/bin/env python3
"""Writes stop.json: the answers of scikit-learn 1.0.1, the paper's version, for the kernels of regression-*.json.

    python3.9 -m venv OLD && OLD/bin/pip install -r kernels/regression/testdata/requirements-1.0.txt   # Python 3.7 to 3.9
    OLD/bin/python kernels/regression/testdata/make_stop.py

The regression is LogisticRegressionCV(cv=5, max_iter=10000) with targets of two classes, which 1.0.1 fits as a binomial
model. It stops where rounding decides for large C: "stable" says for which values of C the scores stay the same when the
columns are permuted, and whether the choice of C and the final scores do; "spread" is the largest relative deviation of
the norm of the coefficients.
"""
import json
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from sklearn.linear_model import LogisticRegressionCV

HERE = pathlib.Path(__file__).parent
PERMUTATIONS = 6


def pairs(y, classes):
    return (y[:, None] == np.arange(classes)).ravel().astype(int)


def answer(train, test, y, y_test, classes):
    m = LogisticRegressionCV(cv=5, max_iter=10000).fit(train, pairs(y, classes))
    accuracy = lambda k, labels: float((m.decision_function(k).reshape(-1, classes).argmax(1) == labels).mean())
    return dict(
        kappa=float(m.C_[0]), scores=m.scores_[1].mean(0).tolist(), norm=float(np.linalg.norm(m.coef_)),
        train=[m.score(train, pairs(y, classes)), accuracy(train, y)],
        test=[m.score(test, pairs(y_test, classes)), accuracy(test, y_test)],
    )


def case(path):
    record = json.loads(path.read_text())
    y, y_test, classes = np.array(record["labels"]), np.array(record["labels_test"]), record["classes"]
    train = np.array(record["train"]).reshape(len(y) * classes, -1)
    test = np.array(record["test"]).reshape(-1, train.shape[1])
    found = answer(train, test, y, y_test, classes)
    others = []
    for i in range(PERMUTATIONS):
        p = np.random.default_rng(i).permutation(train.shape[1])
        others.append(answer(train[:, p], test[:, p], y, y_test, classes))
    found["stable"] = dict(
        scores=[all(o["scores"][j] == s for o in others) for j, s in enumerate(found["scores"])],
        choice=all(o[key] == found[key] for o in others for key in ("kappa", "train", "test")),
    )
    found["spread"] = max(abs(o["norm"] / found["norm"] - 1) for o in others)
    print(f"{path.stem}: kappa {found['kappa']:.4g} (1.7: {record['early']['kappa']:.4g}, minimiser {record['minimiser']['kappa']:.4g}), "
          f"test {found['test'][0]:.3f} ({record['early']['test'][0]:.3f}, {record['minimiser']['test'][0]:.3f}), norm {found['norm']:.4g} "
          f"(spread {found['spread']:.1g}), stable {sum(found['stable']['scores'])} of 10, choice {found['stable']['choice']}", flush=True)
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    assert (sklearn.__version__, scipy.__version__) == ("1.0.1", "1.7.3"), (sklearn.__version__, scipy.__version__)
    answers = {path.stem.replace("regression-", ""): case(path) for path in sorted(HERE.glob("regression-*.json"))}
    (HERE / "stop.json").write_text(json.dumps(answers) + "\n")
