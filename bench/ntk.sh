#!/usr/bin/env bash
# The exact NTK at MiniLM shape (C = 3, T = 64, all 22.7 M parameters) beside PyTorch's torch.func,
# JAX, and the published method, one after the other on this machine: seconds, ratios, peak memory;
# how our two parts grow with N; and the share of the engine's matrix rate in the Gram part. On XLA
# our seconds include compiling; JAX's do not.
#
#   bench/ntk.sh
#
# PYTHON names an interpreter with torch, transformers and jax (see peers/ntk_*bench.py), THREADS the
# processors for either side (2), RUNS how often each of our figures is taken (3), GOMLX_BACKEND the
# engine on our side (go).
set -euo pipefail
cd "$(dirname "$0")/.."
threads=${THREADS:-2} runs=${RUNS:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export GOMLX_BACKEND=${GOMLX_BACKEND:-go} GOMAXPROCS=$threads
GOEXPERIMENT=simd go test -c -o "$work/kernels.test" ./kernels
ours() { # pattern, runs
    (cd kernels && "$work/kernels.test" -test.run '^$' -test.bench "$1" -test.benchtime "$2x" -test.timeout 2h) | grep ^Benchmark
} 2>>"$work/go.txt"
python() { "${PYTHON:-python3}" "bench/peers/$1" --n 32 "${@:2}" 2>>"$work/python.txt" || { cat "$work/python.txt" >&2; exit 1; }; }

# Each N in a process of its own, so that the peak memory is its own.
for n in 8 16 32 64; do ours "NTK/N=$n\$" "$runs"; done >"$work/ours.txt"
ours Matmul 5 >>"$work/ours.txt"
{
    python ntk_bench.py --threads "$threads" --method torch.func
    python ntk_bench.py --threads "$threads" --method published
    python ntk_jax_bench.py
} >"$work/theirs.txt"

awk -v engine="$GOMLX_BACKEND" '
    function metric(unit,   i) { for (i = 2; i < NF; i++) if ($(i + 1) == unit) return $i; return 0 }
    function slope(y,   i, sx, sy, sxx, sxy, x) {
        for (i = 1; i <= points; i++) { x = log(size[i]); sx += x; sy += log(y[i]); sxx += x * x; sxy += x * log(y[i]) }
        return (points * sxy - sx * sy) / (points * sxx - sx * sx)
    }
    FNR == NR { theirs[$1] = $2; next }
    /^BenchmarkMatmul/ { rate = metric("GFLOP/s") }
    /^BenchmarkNTK/ {
        match($1, /N=[0-9]+/); n = substr($1, RSTART + 2, RLENGTH - 2)
        points++; size[points] = n; reverse[points] = metric("reverse-s"); gram[points] = metric("gram-s")
        printf "N = %-3d %8.2f s   reverse passes %7.2f s   Gram %7.2f s   peak %6d MiB\n", n, metric("ns/op") / 1e9, reverse[points], gram[points], metric("peak-MiB")
        if (n == 32) { seconds = metric("ns/op") / 1e9; mib = metric("peak-MiB"); gramRate = metric("gram-GFLOP/s") }
    }
    END {
        if (!seconds || !rate || !theirs["torch.func"] || !theirs["jax"] || !theirs["published"]) { print "a figure is missing" > "/dev/stderr"; exit 1 }
        printf "growth with N: reverse passes N^%.2f, Gram N^%.2f\n", slope(reverse), slope(gram)
        printf "Gram at N = 32: %.1f GFLOP/s, %.0f %% of the matrix rate of %.1f GFLOP/s\n", gramRate, 100 * gramRate / rate, rate
        for (i = split("torch.func jax", peers, " "); i >= 1; i--) {
            p = peers[i]
            printf "N = 32, %s against %s: %.2f s and %.2f s, %.1f times faster; %d and %d MiB, %.2f of the memory\n", engine, p, seconds, theirs[p], theirs[p] / seconds, mib, theirs[p "-MiB"], mib / theirs[p "-MiB"]
        }
        printf "N = 32, %s against the published method (extrapolated from a slice): %.0f s, %.0f times faster\n", engine, theirs["published"], theirs["published"] / seconds
    }
' "$work/theirs.txt" "$work/ours.txt"
