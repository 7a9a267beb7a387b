#!/usr/bin/env bash
# On xla:cpu: the tests of the numeric packages, a grid on four devices, every notebook. Whatever would quietly run
# on another engine fails. Usage: xla.sh WORK CACHE [TASK], from a clone, with $WORK/lpft built.
set -euo pipefail
work=$1 cache=$2 task=${3:-cb}
step() { printf '\n=== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }
fail() { echo "FAIL: $*"; exit 1; }

# The plugin is the one that the first command fetched from its wheel.
export GOMLX_BACKEND=xla:cpu GOEXPERIMENT=simd
[ -f "$LPFT_HOME/plugins/cpu/pjrt_c_api_cpu_plugin.so" ] || fail "the wheel's plugin is not below LPFT_HOME"
"$work/lpft" backend list
"$work/lpft" doctor >"$work/xla-doctor.txt"
grep '^ok  backend  *xla:cpu (asked for.*PyPI wheel' "$work/xla-doctor.txt" || fail "lpft doctor does not open xla:cpu of the wheel"

step "the numeric packages' tests on xla:cpu"
numeric="./lpftlib/backend ./lpftlib/encoder ./lpftlib/finetune ./lpftlib/measure ./lpftlib/probe"
LPFT_MODELS=$LPFT_HOME/models go test -count=1 -v -timeout 15m $numeric >"$work/xla.log" 2>&1 \
    || { grep -v "^=== \|--- PASS" "$work/xla.log" | tail -60; exit 1; }
go test -count=1 -v -timeout 10m -run 'TestKernelAgainstPyTorch|TestBothWaysAgree' ./kernels/ntk >>"$work/xla.log" 2>&1 \
    || { grep -v "^=== \|--- PASS" "$work/xla.log" | tail -60; exit 1; }
grep "^ok" "$work/xla.log"
for test in TestXLA TestHostDevices TestProgramsOutliveTheProcess TestSignalsDoNotReachXLA TestFirstStepsAgainstPyTorch TestMiniLMAgainstTransformers TestKernelAgainstPyTorch; do
    grep -q "^--- PASS: $test " "$work/xla.log" || fail "$test did not run on xla:cpu"
done

# The notebooks' Python and kernel are those of the steps before; the store is a new one.
rm -rf "$LPFT_HOME/store"

step "a grid on four devices, one process a device"
XLA_FLAGS=--xla_force_host_platform_device_count=4 \
    "$work/lpft" devices --devices 0,1,2,3 --seeds 1,2,3,4 -- run --profile smoke --task toy --method ft 2>"$work/devices.log" \
    || { tail -5 "$work/devices.log"; fail "lpft devices"; }
for device in 0 1 2 3; do
    grep -rqs "device(s)\], device $device" "$LPFT_HOME/store" --include=*.json || fail "nothing was computed on device $device"
done

step "one kernel on four devices"
ntk=(ntk --model "$LPFT_HOME/models/minilm" --task "$task" --n 12 --n-test 4 --method ft)
"$work/lpft" "${ntk[@]}" --out "$work/one.npz" 2>"$work/ntk.log" || { tail -5 "$work/ntk.log"; fail "lpft ntk"; }
XLA_FLAGS=--xla_force_host_platform_device_count=4 \
    "$work/lpft" devices --devices 0,1,2,3 -- "${ntk[@]}" --out "$work/four.npz" 2>"$work/ntk.log" \
    || { tail -5 "$work/ntk.log"; fail "lpft devices with ntk"; }
grep 'share . of 4' "$work/ntk.log"
"$(bash .ci/python.sh "$cache")" - "$work/one.npz" "$work/four.npz" <<'PYTHON' || fail "the kernel of four devices is another"
import sys
import numpy
one, four = (numpy.load(path) for path in sys.argv[1:])
for name in ("p", "f", "theta", "f_groups", "theta_test"):
    error = abs(one[name] - four[name]).max() / abs(one[name]).max()
    print(f"{name}: largest difference {error:.1e} of the largest entry")
    assert error < 1e-5, name
PYTHON

step "every notebook on xla:cpu"
"$work/lpft" reproduce --profile smoke --tasks "$task" --report "$work/xla-report"
grep -q 'xla:cpu' "$work/xla-report/index.html" || fail "the report does not name xla:cpu"
for notebook in notebooks/*.ipynb; do
    name=$(basename "$notebook")
    case $name in index.ipynb | your_own.ipynb) continue ;; esac
    [ -s "$LPFT_HOME/executed/smoke/$name" ] || fail "$name was not executed"
done

step "other tools: nbconvert on texts of one's own, papermill with another seed"
jupyter=$LPFT_HOME/venv/bin
JUPYTER_PATH=$LPFT_HOME/jupyter LPFT_PROFILE=smoke "$jupyter/jupyter" nbconvert --to notebook --execute notebooks/your_own.ipynb notebooks/index.ipynb --output-dir "$work" >"$work/nbconvert.log" 2>&1 \
    || { tail -20 "$work/nbconvert.log"; fail "nbconvert"; }
(cd notebooks && JUPYTER_PATH=$LPFT_HOME/jupyter "$jupyter/papermill" -p seed 7 -p profile smoke theory_growth.ipynb "$work/growth.ipynb") >"$work/papermill.log" 2>&1 \
    || { tail -20 "$work/papermill.log"; fail "papermill"; }
grep -q 'seeds<.*\[7\]' "$work/growth.ipynb" || fail "papermill's seed did not reach the notebook"
grep -rqs '"backend": "go"' "$LPFT_HOME/store" --include=*.json && fail "something was computed on go"
echo "every notebook, all on xla:cpu"

step "the same numbers as on go, where nothing is trained"
"$work/lpft" results --profile smoke --format csv >"$work/smoke-xla.csv"
python3 .ci/engines.py "$work/smoke-go.csv" "$work/smoke-xla.csv"
