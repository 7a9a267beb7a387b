#!/usr/bin/env bash
# What one NVIDIA card does, within nine minutes: lpft doctor, the exact NTK's seconds beside torch.func's and JAX's
# and those of the paper's kernel (RoBERTa-base's shape, N = 250, C = 3), tables of tokens per second beside PyTorch
# and JAX on the same card, without and with TF32, and, as long as time is left, the tests on xla:cuda.
#
#   bench/gpu.sh                    # on a machine with the card and Go
#   bench/gpu.sh --build DIR        # where Go is: makes the programs in DIR, to be carried with the sources
#   bench/gpu.sh --programs DIR     # where the card is: runs them, without Go
#
# The plugin: lpft backend install cuda, or PJRT_PLUGIN_LIBRARY_PATH. PYTHON names an interpreter
# with bench/peers/requirements.txt and jax[cuda13]; a peer that it lacks is left out, with a word.
# LIMIT (530) are the seconds for everything: what does not fit is cut off and named.
set -uo pipefail
cd "$(dirname "$0")/.."
packages=(lpftlib/backend lpftlib/encoder lpftlib/finetune kernels/ntk kernels/dynamics)

build() { # DIR
    mkdir -p "$1"
    export GOEXPERIMENT=simd
    go build -trimpath -ldflags='-s -w' -o "$1/lpft" ./cmd/lpft || return 1
    for package in "${packages[@]}"; do
        go test -c -trimpath -ldflags='-s -w' -o "$1/$(basename "$package").test" "./$package" || return 1
    done
}

python=${PYTHON:-python3} limit=${LIMIT:-530} cut=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case ${1:-} in
--build) build "${2:?a folder}"; exit ;;
--programs) programs=$(cd "${2:?a folder}" && pwd) || exit 1 ;;
*) programs=$work; build "$work" || exit 1 ;;
esac
SECONDS=0
export XLA_PYTHON_CLIENT_PREALLOCATE=false JAX_DEFAULT_MATMUL_PRECISION=highest
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
# tests PACKAGE ARGUMENTS...: a package's tests, from its folder.
tests() { (cd "$1" && exec "$programs/$(basename "$1").test" "${@:2}"); }
export -f tests
export programs
run() { within "$1" bash -c 'tests "$@"' tests "${@:2}"; }

step "lpft doctor"
GOMLX_BACKEND=xla:cuda within 90 "$programs/lpft" doctor | tee "$work/doctor.txt"
grep -q '^ok  backend  *xla:cuda' "$work/doctor.txt" || { echo "xla:cuda cannot be opened here: nothing to measure"; exit 1; }

step "the exact NTK, exact products: MiniLM's shape at N = 32, RoBERTa-base's at N = 250: seconds"
(trap - EXIT; exec nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits -lms 200) >"$work/memory.txt" 2>/dev/null &
watch=$!
GOMLX_BACKEND=xla:cuda,tf32=false run 60 kernels/ntk -test.run '^$' -test.bench '^BenchmarkNTK$/^(N=32|RoBERTa-base)$' -test.benchtime 1x
kill $watch
echo "the card's memory at most: $(sort -n "$work/memory.txt" | tail -1) MiB"
within 60 "$python" bench/peers/ntk_bench.py --n 32 --method torch.func --device cuda 2>"$work/peer.log" || echo "torch.func left out: $(tail -1 "$work/peer.log")"
within 60 "$python" bench/peers/ntk_jax_bench.py --n 32 2>"$work/peer.log" || echo "jax left out: $(tail -1 "$work/peer.log")"

figures='(MiniLM-16x64|RoBERTa-base-8x128|RoBERTa-base-32x128)'
for tf32 in false true; do
    flag=
    [ "$tf32" = false ] || flag=--tf32
    : >"$work/go.txt"
    for package in lpftlib/encoder lpftlib/finetune; do
        GOMLX_BACKEND=xla:cuda,tf32=$tf32 run 60 "$package" -test.run '^$' \
            -test.bench "^Benchmark(Forward|ForwardBackward|Step)\$/^$figures\$" -test.benchtime 1s >>"$work/go.txt" 2>&1 || tail -3 "$work/go.txt"
    done
    for peer in bench:pytorch jax:jax; do
        : >"$work/${peer#*:}.txt"
        within 60 "$python" "bench/peers/encoder_${peer%:*}.py" --device cuda --seconds 1 $flag \
            >"$work/${peer#*:}.txt" 2>"$work/peer.log" || echo "${peer#*:} left out: $(tail -1 "$work/peer.log")"
    done
    step "training steps, gradients and features, TF32 $tf32"
    awk -v engine="cuda" -f bench/table.awk "$work/pytorch.txt" "$work/jax.txt" "$work/go.txt"
done

failed=()
for package in "${packages[@]}"; do
    step "the tests of $package on xla:cuda, exact products"
    GOMLX_BACKEND=xla:cuda,tf32=false run 60 "$package" -test.v >"$work/tests.txt" 2>&1 || failed+=("$package")
    grep -v '^=== \|^ *--- PASS\|^PASS$' "$work/tests.txt" | tail -n 40
    echo "$(grep -c '^--- PASS' "$work/tests.txt") tests passed, $(grep -c '^--- FAIL' "$work/tests.txt") failed, $(grep -c '^--- SKIP' "$work/tests.txt") skipped"
done

printf '\n%s s; tests %s; %s\n' "$SECONDS" "$([ ${#failed[@]} = 0 ] && echo passed || echo "FAILED: ${failed[*]}")" "$([ "$cut" = 0 ] && echo "nothing was cut off" || echo "see above for what was cut off")"
[ ${#failed[@]} = 0 ]
