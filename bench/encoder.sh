#!/usr/bin/env bash
# Encoder speed beside PyTorch's, one after the other on this machine: tokens per second of
# feature extraction (Forward) and of a gradient (ForwardBackward), and their ratios.
#
#   bench/encoder.sh [SHAPE]          # SHAPE: MiniLM or RoBERTa-base; default both
#
# PYTHON names an interpreter with torch and transformers (see peers/encoder_bench.py), THREADS
# the processors for either side (2), SECONDS_EACH the time of a figure (5), GOMLX_BACKEND the
# engine on our side (go).
set -euo pipefail
cd "$(dirname "$0")/.."
threads=${THREADS:-2} seconds=${SECONDS_EACH:-5} only=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export GOMLX_BACKEND=${GOMLX_BACKEND:-go}
GOEXPERIMENT=simd GOMAXPROCS=$threads go test ./lpftlib/encoder -run '^$' -bench "^BenchmarkForward(Backward)?\$/^$only" \
    -benchtime "${seconds}s" -timeout 1h >"$work/go.txt"
"${PYTHON:-python3}" bench/peers/encoder_bench.py --threads "$threads" --seconds "$seconds" --only "$only" >"$work/torch.txt"

awk -v engine="$GOMLX_BACKEND" '
    BEGIN { printf "%-36s %14s %14s %10s\n", "tokens/s", "lpft (" engine ")", "PyTorch", "lpft/PyTorch" }
    FNR == NR { torch[$1] = $2; next }
    /^Benchmark/ {
        name = $1; sub(/^Benchmark/, "", name); if (!(name in torch)) sub(/-[0-9]+$/, "", name)
        for (i = 2; i <= NF; i++) if ($i == "tokens/s") ours = $(i - 1)
        if (!(name in torch)) { print "no figure of PyTorch for " name > "/dev/stderr"; exit 1 }
        printf "%-36s %14.0f %14.0f %10.2f\n", name, ours, torch[name], ours / torch[name]; rows++
    }
    END { if (!rows) { print "no figures: is the shape spelled as in bench_test.go?" > "/dev/stderr"; exit 1 } }
' "$work/torch.txt" "$work/go.txt"
