#!/usr/bin/env python3
"""Compares the results of two engines, as `lpft results --format csv` writes them.

    python3 .ci/engines.py GO.csv XLA.csv

Pre-trained models and linear probes must agree to 1e-3 relative: they differ by the order of sums alone. FDR is left out: behind
a LayerNorm the within-class scatter matrix is singular up to float32 rounding, and its pseudo-inverse amplifies that rounding. Trained models are printed and not judged: the engines cut batches differently
and so number the elements of a dropout mask differently, which is another run of the same experiment. Without dropout the first twenty
steps agree with PyTorch's to 1e-5 on either engine (TestFirstStepsAgainstPyTorch).
"""

import csv
import sys

NAMES = ("task", "test set", "method", "scaling", "seeds")
UNTRAINED = ("Pre-trained", "LP")


def read(path):
    with open(path) as f:
        return {tuple(row[n] for n in NAMES): row for row in csv.DictReader(f)}


def numbers(row):
    for name, text in row.items():
        if name in NAMES or name.endswith(("_std", "_n")):
            continue
        try:
            yield name, float(text)
        except ValueError:
            pass


def apart(a, b):
    return abs(a - b) / max(abs(a), abs(b), 1e-12)


def main():
    go, xla = read(sys.argv[1]), read(sys.argv[2])
    shared = sorted(go.keys() & xla.keys())
    worst, judged, trained = ("", 0.0), 0, []
    for key in shared:
        for name, value in numbers(go[key]):
            other = dict(numbers(xla[key])).get(name)
            if other is None:
                sys.exit(f"FAIL: {key}: {name} is {value} on go and missing on xla:cpu")
            gap = apart(value, other)
            if key[2] not in UNTRAINED:
                if name == "norm_c":
                    trained.append(gap)
                continue
            if name == "fdr_f":
                continue
            judged += 1
            if gap > 1e-3:
                sys.exit(f"FAIL: {key}: {name} is {value} on go and {other} on xla:cpu")
            if gap > worst[1]:
                worst = (f"{name} of {key[2]} {key[1]}", gap)
    if judged < 10:
        sys.exit(f"FAIL: only {judged} numbers in common")
    print(f"{judged} numbers of pre-trained models and linear probes agree; the largest relative difference is {worst[1]:.1e} ({worst[0]})")
    if trained:
        print(f"trained models, for the record: Norm(C) differs by up to {max(trained):.1e} relative in {len(trained)} runs")


if __name__ == "__main__":
    main()
