#!/usr/bin/env bash
# Encoder speed beside PyTorch's and JAX's, one after the other on this machine: tokens per second
# of feature extraction (Forward), of a gradient (ForwardBackward) and of a training step with
# dropout, clipping and Adam (Step), and their ratios.
#
#   bench/encoder.sh [SHAPE]          # MiniLM-16x64, RoBERTa-base-8x128, RoBERTa-base-32x128; default the first two
#
# PYTHON names an interpreter with bench/peers/requirements.txt, THREADS the processors for either
# side (2), SECONDS_EACH the time of a figure, whose
# fastest step counts (20), GOMLX_BACKEND the engine on our side (go).
set -euo pipefail
cd "$(dirname "$0")/.."
threads=${THREADS:-2} seconds=${SECONDS_EACH:-20} shapes=${1:-(MiniLM-16x64|RoBERTa-base-8x128)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export GLIBC_TUNABLES=glibc.malloc.hugetlb=1 GODEBUG=asyncpreemptoff=1 # as lpft starts itself; the peers get it too
export GOMLX_BACKEND=${GOMLX_BACKEND:-go}
GOEXPERIMENT=simd GOMAXPROCS=$threads NPROC=$threads go test ./lpftlib/encoder ./lpftlib/finetune -p 1 -run '^$' \
    -bench "^Benchmark(Forward|ForwardBackward|Step)\$/^$shapes\$" -benchtime "${seconds}s" -timeout 1h >"$work/go.txt"
peer() {
    "${PYTHON:-python3}" "bench/peers/$1" --threads "$threads" --seconds "$seconds" --only "[A-Za-z]+/$shapes\$" >"$work/$2"
}
peer encoder_bench.py pytorch.txt
peer encoder_jax.py jax.txt
awk -v engine="$GOMLX_BACKEND" -f bench/table.awk "$work/pytorch.txt" "$work/jax.txt" "$work/go.txt"
