#!/usr/bin/env bash
# Linear probing beside scikit-learn's, one after the other on the same features in one run, at the
# sizes of RTE [2241, 768], CoLA [7695, 768] and CB [225, 768]: seconds, κ, ‖V‖ and the ratio of times.
#
#   bench/probe.sh [--converged]      # also scikit-learn at tolerance 1e-8 (minutes)
#
# PYTHON names an interpreter with lpftlib/probe/testdata/requirements.txt installed.
set -euo pipefail
cd "$(dirname "$0")/.."
GOEXPERIMENT=simd "${PYTHON:-python3}" bench/peers/logreg_bench.py "$@"
