#!/usr/bin/env bash
# What one NVIDIA card does, within nine minutes: lpft doctor, the tests on xla:cuda, and a table
# of tokens per second beside PyTorch and JAX on the same card, without and with TF32; then the NTK's
# seconds beside torch.func's and JAX's.
#
#   bench/gpu.sh
#
# The plugin: lpft backend install cuda, or PJRT_PLUGIN_LIBRARY_PATH. PYTHON names an interpreter
# with bench/peers/requirements.txt and jax[cuda13]; a peer that it lacks is left out, with a word.
# What does not fit into the time is cut off and named.
set -uo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} limit=530 cut=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOEXPERIMENT=simd XLA_PYTHON_CLIENT_PREALLOCATE=false
step() { printf '\n=== %s (%s s)\n' "$1" "$SECONDS"; }
# within SECONDS COMMAND...: at most that long, and never past the limit.
within() {
    local left=$((limit - SECONDS)) most=$1
    shift
    [ "$left" -gt 5 ] || { echo "left out for want of time: $*" >&2; cut=1; return 1; }
    timeout "$((most < left ? most : left))" "$@"
    local status=$?
    [ "$status" -ne 124 ] || { echo "cut off: $*" >&2; cut=1; }
    return "$status"
}

step "lpft doctor"
within 90 go build -o "$work/lpft" ./cmd/lpft || exit 1
GOMLX_BACKEND=xla:cuda "$work/lpft" doctor | tee "$work/doctor.txt"
grep -q '^ok  backend  *xla:cuda' "$work/doctor.txt" || { echo "xla:cuda cannot be opened here: nothing to measure"; exit 1; }

step "the tests on xla:cuda, exact products"
GOMLX_BACKEND=xla:cuda,tf32=false within 150 go test -count=1 ./lpftlib/backend ./lpftlib/encoder ./lpftlib/finetune ./kernels/...
tests=$?

figures='(MiniLM-16x64|RoBERTa-base-8x128|RoBERTa-base-32x128)'
for tf32 in false true; do
    flag=
    [ "$tf32" = false ] || flag=--tf32
    GOMLX_BACKEND=xla:cuda,tf32=$tf32 within 90 go test ./lpftlib/encoder ./lpftlib/finetune -p 1 -run '^$' \
        -bench "^Benchmark(Forward|ForwardBackward|Step)\$/^$figures\$" -benchtime 2s >"$work/go.txt" || tail -3 "$work/go.txt"
    for peer in bench:pytorch jax:jax; do
        : >"$work/${peer#*:}.txt"
        within 60 "$python" "bench/peers/encoder_${peer%:*}.py" --device cuda --seconds 2 $flag \
            >"$work/${peer#*:}.txt" 2>"$work/peer.log" || echo "${peer#*:} left out: $(tail -1 "$work/peer.log")"
    done
    step "training steps, gradients and features, TF32 $tf32"
    awk -v engine="cuda" -f bench/table.awk "$work/pytorch.txt" "$work/jax.txt" "$work/go.txt"
done

step "the exact NTK at MiniLM's shape, N = 32, exact products: seconds"
GOMLX_BACKEND=xla:cuda,tf32=false within 60 go test ./kernels/ntk -run '^$' -bench '^BenchmarkNTK$/^N=32$' -benchtime 3x >"$work/ntk.txt"
sed -n '/^BenchmarkNTK/p' "$work/ntk.txt" # the first of three compiles
within 60 "$python" bench/peers/ntk_bench.py --n 32 --method torch.func --device cuda 2>"$work/peer.log" || echo "torch.func left out: $(tail -1 "$work/peer.log")"
within 60 "$python" bench/peers/ntk_jax_bench.py --n 32 2>"$work/peer.log" || echo "jax left out: $(tail -1 "$work/peer.log")"
printf '\n%s s; tests %s; %s\n' "$SECONDS" "$([ "$tests" = 0 ] && echo passed || echo FAILED)" "$([ "$cut" = 0 ] && echo "nothing was cut off" || echo "see above for what was cut off")"
exit "$tests"
