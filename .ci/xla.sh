#!/usr/bin/env bash
# The tests of every package, several devices, and the notebooks on xla:cpu. The plugin is
# expected: whatever would quietly run on another engine fails. Usage: xla.sh WORK CACHE SHARED,
# from a clone, with $WORK/lpft built.
set -euo pipefail
work=$1 cache=$2 shared=$3
step() { printf '\n=== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }
fail() { echo "FAIL: $*"; exit 1; }

step "XLA:CPU's plugin"
plugin=$cache/pjrt
if [ ! -f "$plugin/pjrt_c_api_cpu_plugin.so" ]; then
    bash "$shared/pjrt-cpu/build.sh" "$plugin" "$cache/pjrt-download"
fi
export PJRT_PLUGIN_LIBRARY_PATH=$plugin GOMLX_BACKEND=xla:cpu GOEXPERIMENT=simd TF_ENABLE_ONEDNN_OPTS=0
"$work/lpft" backend list
"$work/lpft" doctor | grep '^ok  backend  *xla:cpu (asked for' || fail "lpft doctor does not open xla:cpu"

step "every package's tests on xla:cpu"
LPFT_MODELS=$LPFT_HOME/models go test -count=1 -v -timeout 20m ./... >"$work/xla.log" 2>&1 \
    || { grep -v "^=== \|--- PASS" "$work/xla.log" | tail -60; exit 1; }
grep "^ok" "$work/xla.log"
for test in TestXLA TestHostDevices TestFirstStepsAgainstPyTorch TestMiniLMAgainstTransformers; do
    grep -q "^--- PASS: $test " "$work/xla.log" || fail "$test did not run on xla:cpu"
done

step "the notebooks on xla:cpu, one process a device, and a last one that finds everything"
store=$LPFT_HOME
export LPFT_HOME=$work/xla-home
mkdir -p "$LPFT_HOME"
ln -sfn "$store/models" "$LPFT_HOME/models"
cp -r "$store/venv" "$store/bin" "$LPFT_HOME/" 2>/dev/null || true # made by the steps before, made anew where not
bash bench/devices.sh --lpft "$work/lpft" --devices 2 --seeds 1001,2002 -- --profile smoke --report "$work/xla-report"
notebooks=$(find notebooks -name '*.ipynb' ! -name index.ipynb | wc -l)
grep -q 'xla:cpu' "$work/xla-report/index.html" || fail "the report does not name xla:cpu"
echo "$notebooks notebooks ran on xla:cpu"
