#!/usr/bin/env bash
# Linear probing beside scikit-learn's, one after the other on the same features in one run: features like an encoder's
# at the sizes of RTE [2241, 768], CoLA [7695, 768] and CB [225, 768], and Gaussian ones whose two classes overlap or can
# be separated, [5000, 768] and [20000, 768]. Seconds, κ, ‖V‖ and the ratio of times.
#
#   bench/probe.sh [--only PATTERN] [--large] [--converged]
#
# --only takes the cases whose name matches (overlapping,N=20000), --large adds [60614, 768], the size of SST-2, and
# --converged times scikit-learn at tolerance 1e-8 too (minutes, with --large hours).
#
# PYTHON names an interpreter with lpftlib/probe/testdata/requirements.txt installed.
set -euo pipefail
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE # settings for another program's sake would slow scikit-learn down
export GODEBUG=asyncpreemptoff=1 # as lpft starts itself
GOEXPERIMENT=simd "${PYTHON:-python3}" bench/peers/logreg_bench.py "$@"
