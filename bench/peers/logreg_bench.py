#!/usr/bin/env python3
"""Times linear probing in lpft and in scikit-learn on the same features, in one run.

    pip install -r lpftlib/probe/testdata/requirements.txt
    python bench/peers/logreg_bench.py            # from the repository's root; Go must be on the PATH

bench/probe.sh does both. The Go benchmark writes its features to a temporary folder; LogisticRegressionCV then fits them with the settings
of the paper (ten C values, five folds, L-BFGS, at most 5,000 iterations), one fold a CPU (n_jobs=-1, many times
faster on a busy machine than threads inside BLAS), at its default tolerance 1e-4, and with --converged also at
1e-8, which is nearer to what lpft computes. The ratio is scikit-learn's time at the default tolerance over lpft's.
"""
import argparse
import os
import pathlib
import re
import subprocess
import tempfile
import time
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegressionCV


def run_go(folder):
    """Runs BenchmarkFit; returns {name: (seconds, kappa, norm)}."""
    command = ["go", "test", "./lpftlib/probe", "-run", "^$", "-bench", "^BenchmarkFit$", "-benchtime", "3x"]
    out = subprocess.run(command, env=dict(os.environ, PROBE_BENCH_DIR=str(folder)),
                         check=True, capture_output=True, text=True).stdout
    results = {}
    for line in out.splitlines():
        if match := re.match(r"BenchmarkFit/(\S+?)(?:-\d+)?\s+\d+\s+(\S+) ns/op\s+(\S+) kappa\s+(\S+) norm", line):
            results[match[1]] = (float(match[2]) / 1e9, float(match[3]), float(match[4]))
    return results


def run_sklearn(x, y, tol):
    """Returns (seconds, kappa, norm of [-w; w] or W)."""
    model = LogisticRegressionCV(Cs=np.logspace(-4, 4, 10), cv=5, multi_class="multinomial", max_iter=5000,
                                 tol=tol, n_jobs=-1)
    start = time.perf_counter()
    model.fit(x, y)
    seconds = time.perf_counter() - start
    scale = np.sqrt(2) if len(model.coef_) == 1 else 1
    return seconds, float(model.C_[0]), float(scale * np.linalg.norm(model.coef_))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--converged", action="store_true", help="time scikit-learn at tolerance 1e-8 too (minutes)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"scikit-learn {sklearn.__version__}, {os.cpu_count()} CPUs")
    with tempfile.TemporaryDirectory() as folder:
        for name, (seconds, kappa, norm) in run_go(folder).items():
            x = np.load(pathlib.Path(folder) / f"{name},x.npy")
            y = np.load(pathlib.Path(folder) / f"{name},y.npy")
            print(f"{name}\n  lpft                          {seconds:8.2f} s  kappa {kappa:.4g}  norm {norm:.4g}", flush=True)
            for tol in [1e-4, 1e-8] if arguments.converged else [1e-4]:
                peer, kappa, norm = run_sklearn(x, y, tol)
                ratio = f"  ratio {peer / seconds:.1f}" if tol == 1e-4 else ""
                print(f"  scikit-learn, tol {tol:<12g}{peer:8.2f} s  kappa {kappa:.4g}  norm {norm:.4g}{ratio}", flush=True)


if __name__ == "__main__":
    main()
