#!/usr/bin/env bash
# The exact NTK at MiniLM shape (C = 3, T = 64, all 22.7 M parameters) beside PyTorch's torch.func,
# JAX, and the published method, one after the other on this machine: seconds, ratios, peak memory;
# how our two parts grow with N; and the share of the engine's matrix rate in the Gram part. First
# calls compile, second calls find everything compiled. Seconds come by the clock and as CPU time:
# where the machine does other work, only ratios of CPU seconds mean something.
#
#   bench/ntk.sh
#
# PYTHON names an interpreter with torch, transformers and jax (see peers/ntk_*bench.py), THREADS the
# processors for either side (2), RUNS how often each of our figures is taken (3), ENGINES those on
# our side (go; several, as in "go xla:cpu", share the peers' figures). neural-tangents is not among
# the peers: 0.6.5 does not import beside the JAX used here (it wants jax.core.Jaxpr).
set -euo pipefail
cd "$(dirname "$0")/.."
threads=${THREADS:-2} runs=${RUNS:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export GOMAXPROCS=$threads GLIBC_TUNABLES=glibc.malloc.hugetlb=1 GODEBUG=asyncpreemptoff=1 # as lpft starts itself; the peers get it too
GOEXPERIMENT=simd go test -c -o "$work/kernels.test" ./kernels/ntk
ours() { # engine, pattern, runs
    (cd kernels/ntk && GOMLX_BACKEND=$1 "$work/kernels.test" -test.run '^$' -test.bench "$2" -test.benchtime "$3x" -test.timeout 2h) | grep ^Benchmark
} 2>>"$work/go.txt"
python() { "${PYTHON:-python3}" "bench/peers/$1" --n 32 "${@:2}" 2>>"$work/python.txt" || { cat "$work/python.txt" >&2; exit 1; }; }

table() { # engine
    awk -v engine="$1" '
    function metric(unit,   i) { for (i = 2; i < NF; i++) if ($(i + 1) == unit) return $i; return 0 }
    function slope(y,   i, sx, sy, sxx, sxy, x) {
        for (i = 1; i <= points; i++) { x = log(size[i]); sx += x; sy += log(y[i]); sxx += x * x; sxy += x * log(y[i]) }
        return (points * sxy - sx * sy) / (points * sxx - sx * sx)
    }
    function row(name, s, cpu, mib) {
        printf "%-34s %9.2f %9.2f", name, s, cpu
        if (mib) printf " %7d", mib; else printf " %7s", "-"
        printf " %9.1f %9.1f", s / second, cpu / secondCPU
        if (mib) printf " %9.2f", ours / mib
        printf "\n"
    }
    FNR == NR { theirs[$1] = $2; next }
    /^BenchmarkMatmul/ { rate = metric("GFLOP/s"); rateCPU = metric("GFLOP/cpu-s") }
    /^BenchmarkNTK/ {
        match($1, /N=[0-9]+/); n = substr($1, RSTART + 2, RLENGTH - 2)
        points++; size[points] = n
        reverse[points] = metric("reverse-s"); gram[points] = metric("gram-s")
        reverseCPU[points] = metric("reverse-cpu-s"); gramCPU[points] = metric("gram-cpu-s")
        printf "N = %-3d first call %7.2f s (CPU %6.2f), second %7.2f s (CPU %6.2f): reverse passes %6.2f s (CPU %6.2f), Gram %6.2f s (CPU %6.2f); %d programs, peak %d MiB\n", n, metric("first-s"), metric("first-cpu-s"), metric("second-s"), metric("second-cpu-s"), reverse[points], reverseCPU[points], gram[points], gramCPU[points], metric("programs"), metric("peak-MiB")
        if (n == 32) {
            first = metric("first-s"); firstCPU = metric("first-cpu-s"); second = metric("second-s"); secondCPU = metric("second-cpu-s"); ours = metric("peak-MiB")
            gramRate = metric("gram-GFLOP") / metric("gram-s"); gramRateCPU = metric("gram-GFLOP") / metric("gram-cpu-s")
        }
    }
    END {
        if (!second || !secondCPU || !rateCPU || !theirs["torch.func"] || !theirs["jax"] || !theirs["published"]) { print "a figure is missing" > "/dev/stderr"; exit 1 }
        printf "growth with N, by the clock: reverse passes N^%.2f, Gram N^%.2f; by CPU seconds: N^%.2f, N^%.2f\n", slope(reverse), slope(gram), slope(reverseCPU), slope(gramCPU)
        printf "Gram at N = 32: %.1f GFLOP/s of %.1f of a 2048 matrix product (%.0f %%); per CPU second %.1f of %.1f (%.0f %%)\n\n", gramRate, rate, 100 * gramRate / rate, gramRateCPU, rateCPU, 100 * gramRateCPU / rateCPU
        printf "%-34s %9s %9s %7s %9s %9s %9s\n", "N = 32", "seconds", "CPU s", "MiB", "s ratio", "CPU ratio", "memory"
        row(engine ", second call", second, secondCPU, ours)
        row(engine ", first call", first, firstCPU, ours)
        row("torch.func", theirs["torch.func"], theirs["torch.func-cpu"], theirs["torch.func-MiB"])
        row("jax, second call", theirs["jax"], theirs["jax-cpu"], theirs["jax-MiB"])
        row("jax, first call", theirs["jax-first"], theirs["jax-first-cpu"], theirs["jax-MiB"])
        row("published method, extrapolated", theirs["published"], theirs["published-cpu"], 0)
        print "ratios: to the second call of " engine "; memory: its share of theirs"
    }
    ' "$work/theirs.txt" "$work/ours.txt"
}

{
    python ntk_bench.py --threads "$threads" --method torch.func
    python ntk_bench.py --threads "$threads" --method published
    python ntk_jax_bench.py
} >"$work/theirs.txt"
for engine in ${ENGINES:-go}; do
    # Each N in a process of its own, so that the peak memory is its own.
    for n in 8 16 32 64; do ours "$engine" "NTK/N=$n\$" "$runs"; done >"$work/ours.txt"
    ours "$engine" Matmul 5 >>"$work/ours.txt"
    echo "engine $engine, load average $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
    table "$engine"
done
