#!/usr/bin/env python3
"""Compares `lpft features` and `lpft probe` with scikit-learn on real data: CB, RTE and SST-2.

    pip install -r lpftlib/probe/testdata/requirements.txt
    python lpftlib/probe/testdata/check_sklearn.py LPFT MODEL DATA [TASK ...]

LPFT is the built command, MODEL a model's folder (MiniLM), DATA the folder of the original data sets. The rows
are CB's 225 training rows, RTE's first 600 and SST-2's first 2,000, in file order. Checked for each:

  - the same kappa as LogisticRegressionCV(multi_class="multinomial") on the same features,
  - W and b each within 1e-6 relative of scikit-learn's refit, settled by Newton steps; with two classes W = [-w; w],
  - the identity sum_i delta_i phi_i^T = V/kappa, and sum_i delta_i = 0,
  - --paper-compatible writes exactly half of a two-class head, and the same head of three classes.

scikit-learn is asked for a tolerance far below its default 1e-4, where L-BFGS stops before the optimum for large
kappa; what the default gives is printed beside it. It must be older than 1.8, see make_fixtures.py.
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

KAPPAS = np.logspace(-4, 4, 10)
TIGHT = 1e-9
MOST_STEPS = 100_000  # of L-BFGS at the tight tolerance; the paper's 5,000 at the default one


def jsonl(path, names, count):
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file][:count]
    return [{"a": r["premise"], "b": r["hypothesis"]} for r in rows], np.array([names.index(r["label"]) for r in rows])


def sst2(path, count):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[:count]
    return [{"a": r["sentence"]} for r in rows], np.array([int(r["label"]) for r in rows])


TASKS = {
    "cb": lambda data: jsonl(data / "CB/train.jsonl", ["entailment", "contradiction", "neutral"], 225),
    "rte": lambda data: jsonl(data / "RTE/train.jsonl", ["entailment", "not_entailment"], 600),
    "sst2": lambda data: sst2(data / "SST-2/train.tsv", 2000),
}


def lpft(command, *arguments):
    """Runs lpft and returns what it printed."""
    done = subprocess.run([command, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"lpft {arguments[0]} failed: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip()


def both_rows(fit):
    """scikit-learn's W [C, h] and b [C]; of W = [-w; w] it keeps only w."""
    weight, bias = fit.coef_, fit.intercept_
    if len(weight) == 1:
        weight, bias = np.vstack([-weight, weight]), np.concatenate([-bias, bias])
    return weight, bias


def theirs(x, y, tol, most_steps):
    """scikit-learn's cross-validation and its refit on all rows."""
    common = dict(multi_class="multinomial", max_iter=most_steps, tol=tol)
    start = time.perf_counter()
    cv = LogisticRegressionCV(Cs=KAPPAS, cv=5, n_jobs=-1, **common).fit(x, y)
    kappa = float(cv.C_[0])
    weight, bias = both_rows(LogisticRegression(C=kappa, **common).fit(x, y))
    return kappa, weight, bias, list(cv.scores_.values())[-1].mean(0), time.perf_counter() - start


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def settled(x, y, weight, bias, kappa):
    """scikit-learn's W and b after Newton steps on its own objective, to rounding: L-BFGS stops where a bias near 0 still
    has few digits. The least-squares solution leaves the free mean of b as it is."""
    n, classes = len(y), len(bias)
    wide = np.hstack([x, np.ones((n, 1))])
    theta = np.hstack([weight, bias[:, None]])
    penalty = np.tile(np.append(np.full(x.shape[1], 1 / kappa), 0.0), classes)
    for _ in range(5):
        logits = wide @ theta.T
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        gradient = ((p - np.eye(classes)[y]).T @ wide).ravel() + penalty * theta.ravel()
        blocks = [[(wide * (p[:, [c]] * ((c == d) - p[:, [d]]))).T @ wide for d in range(classes)] for c in range(classes)]
        theta = theta - np.linalg.lstsq(np.block(blocks) + np.diag(penalty), gradient, rcond=None)[0].reshape(theta.shape)
    return theta[:, :-1], theta[:, -1]


def identity(x, y, head):
    """Relative errors of sum delta phi^T = V/kappa and of sum delta = 0."""
    logits = x @ head["weight"].T + head["bias"]
    p = np.exp(logits - logits.max(1, keepdims=True))
    delta = np.eye(len(head["bias"]))[y] - p / p.sum(1, keepdims=True)
    return relative(delta.T @ x, head["weight"] / head["kappa"]), np.abs(delta.sum(0)).max() / np.abs(delta).sum()


def check(command, model, name, texts, y, folder):
    """Returns the list of what does not hold."""
    lines, features, labels = folder / "lines.jsonl", folder / "f.npy", folder / "y.npy"
    lines.write_text("".join(json.dumps(t) + "\n" for t in texts), encoding="utf-8")
    lpft(command, "features", "--model", model, "--in", lines, "--out", features)
    np.save(labels, y)
    data = ["--features", features, "--labels", labels]
    said = lpft(command, "probe", *data, "--out", folder / "head.npz")
    lpft(command, "probe", *data, "--paper-compatible", "--out", folder / "half.npz")
    head, half = np.load(folder / "head.npz"), np.load(folder / "half.npz")
    x = np.load(features).astype(np.float64)
    classes = y.max() + 1

    kappa, weight, bias, scores, seconds = theirs(x, y, TIGHT, MOST_STEPS)
    default_kappa, default_weight, _, default_scores, _ = theirs(x, y, 1e-4, 5000)
    found, (weight, bias) = bias, settled(x, y, weight, bias, kappa)
    in_identity, in_sum = identity(x, y, head)
    factor = 0.5 if classes == 2 else 1.0
    checks = [
        ("features are [N, h] of all rows", x.shape == (len(texts), head["weight"].shape[1])),
        ("kappa", np.isclose(head["kappa"], kappa, rtol=1e-12)),
        ("coefficients within 1e-6", relative(head["weight"], weight) < 1e-6 and relative(head["bias"], bias) < 1e-6),
        ("identity within 1e-6", in_identity < 1e-6 and in_sum < 1e-6),
        ("W = [-w; w]", classes > 2 or np.array_equal(head["weight"][0], -head["weight"][1])),
        (f"paper-compatible is {factor} times the head", head["kappa"] == half["kappa"]
         and all(np.array_equal(half[k], factor * head[k]) for k in ("weight", "bias"))),
    ]
    print(f"{name}: {len(y)} rows, h = {x.shape[1]}, C = {classes}")
    print(f"  lpft                     {said}")
    print(f"  scikit-learn, tol {TIGHT:g}  kappa {kappa:.4g}, norm {np.linalg.norm(weight):.4g}, accuracy {scores.max():.4f}; {seconds:.0f} s")
    print(f"  scikit-learn, tol 0.0001 kappa {default_kappa:.4g}, norm {np.linalg.norm(default_weight):.4g}, accuracy {default_scores.max():.4f}"
          + ("" if default_kappa != kappa else f"; its W is {relative(default_weight, weight):.1e} from the optimum"))
    print(f"  relative difference of V {relative(head['weight'], weight):.1e}, b {relative(head['bias'], bias):.1e} (as scikit-learn left it {relative(head['bias'], found):.1e}); largest of a "
          f"mean score {np.abs(scores - head['scores']).max():.4f} (default tol: {np.abs(default_scores - head['scores']).max():.4f})")
    print(f"  identity to {in_identity:.1e}, sum of residuals {in_sum:.1e}", flush=True)
    return [f"{name}: {what} does not hold" for what, holds in checks if not holds]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    assert sklearn.__version__ == "1.7.2", sklearn.__version__
    warnings.simplefilter("ignore")
    command, model, data = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    failures = []
    for name in sys.argv[4:] or TASKS:
        with tempfile.TemporaryDirectory() as folder:
            failures += check(command, model, name, *TASKS[name](data), pathlib.Path(folder))
    if failures:
        sys.exit("\n".join(failures))
    print("lpft and scikit-learn agree")


if __name__ == "__main__":
    main()
