#!/usr/bin/env python3
"""Times linear probing in lpft and in scikit-learn on the same features, in one run.

    pip install -r lpftlib/probe/testdata/requirements.txt
    python bench/peers/logreg_bench.py            # from the repository's root; Go must be on the PATH

bench/probe.sh does both and says which cases there are. The Go benchmark writes its features to a temporary folder;
LogisticRegressionCV then fits them with the settings of the paper (ten C values, five folds, L-BFGS, at most 5,000
iterations), on as many CPUs as lpft: once with threads inside BLAS only (n_jobs=1) and once with a fold a CPU
(n_jobs=2), of which the faster counts, at its default tolerance 1e-4, and with --converged also at 1e-8, which is
nearer to what lpft computes. The ratio is scikit-learn's time at the default tolerance over lpft's.
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


CASES = "encoder|N=5000|N=20000"


def run_go(folder, pattern):
    """Runs BenchmarkFit; returns {name: (seconds, kappa, norm, peak memory in sizes of the features)}."""
    command = ["go", "test", "./lpftlib/probe", "-run", "^$", "-bench", f"^BenchmarkFit$/({pattern})", "-benchtime", "1x",
               "-timeout", "0"]
    out = subprocess.run(command, env=dict(os.environ, PROBE_BENCH_DIR=str(folder)),
                         check=True, capture_output=True, text=True).stdout
    results = {}
    for line in out.splitlines():
        if match := re.match(r"BenchmarkFit/(\S+?)(?:-\d+)?\s+\d+\s+(.*)", line):
            numbers = match[2].split()
            value = {unit: float(number) for number, unit in zip(numbers[::2], numbers[1::2])}
            results[match[1]] = (value["ns/op"] / 1e9, value["kappa"], value["norm"], value["x-memory"])
    return results


def run_sklearn(x, y, tol, jobs):
    """Returns (seconds, kappa, norm of [-w; w] or W)."""
    model = LogisticRegressionCV(Cs=np.logspace(-4, 4, 10), cv=5, multi_class="multinomial", max_iter=5000,
                                 tol=tol, n_jobs=jobs)
    start = time.perf_counter()
    model.fit(x, y)
    seconds = time.perf_counter() - start
    scale = np.sqrt(2) if len(model.coef_) == 1 else 1
    return seconds, float(model.C_[0]), float(scale * np.linalg.norm(model.coef_))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PATTERN", help="the cases whose name matches, such as overlapping,N=20000")
    parser.add_argument("--large", action="store_true", help="the Gaussian cases of [60614, 768] too")
    parser.add_argument("--converged", action="store_true", help="time scikit-learn at tolerance 1e-8 too (minutes)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"scikit-learn {sklearn.__version__}, {os.cpu_count()} CPUs")
    pattern = arguments.only or CASES + ("|N=60614" if arguments.large else "")
    with tempfile.TemporaryDirectory() as folder:
        for name, (seconds, kappa, norm, memory) in run_go(folder, pattern).items():
            x = np.load(pathlib.Path(folder) / f"{name},x.npy")
            y = np.load(pathlib.Path(folder) / f"{name},y.npy")
            print(f"{name}\n  lpft                          {seconds:8.2f} s  kappa {kappa:.4g}  norm {norm:.4g}"
                  f"  peak memory {memory:.1f} times the features'", flush=True)
            for tol in [1e-4, 1e-8] if arguments.converged else [1e-4]:
                times = {jobs: run_sklearn(x, y, tol, jobs) for jobs in [1, 2]}
                jobs = min(times, key=lambda jobs: times[jobs][0])
                peer, kappa, norm = times[jobs]
                both = ", ".join(f"n_jobs={jobs} {times[jobs][0]:.2f} s" for jobs in times)
                ratio = f"  ratio {peer / seconds:.1f}" if tol == 1e-4 else ""
                print(f"  scikit-learn, tol {tol:<12g}{peer:8.2f} s  kappa {kappa:.4g}  norm {norm:.4g}{ratio}  ({both})", flush=True)


if __name__ == "__main__":
    main()
