#!/usr/bin/env bash
# The slower checks of .ci/run, on real data: usage real.sh WORK CACHE SHARED, from a clone.
set -euo pipefail
work=$1 cache=$2 shared=$3
step() { printf '\n=== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }

step "lpft doctor"
GOEXPERIMENT=simd go build -o "$work/lpft" ./cmd/lpft
"$work/lpft" doctor

step "reproduce on real CB, cold store"
rm -rf "$LPFT_HOME/store" "$LPFT_HOME/executed"
"$work/lpft" reproduce --profile demo --tasks cb --report "$work/report"
grep -q 'id="table1"' "$work/report/index.html"
ls -la "$work/report/figures"

step "reproduce again: everything is there"
"$work/lpft" reproduce --profile demo --tasks cb --report "$work/report" 2>&1 | tee "$work/again.log"
[ "$(grep -c 'as it was executed before' "$work/again.log")" = 2 ] || { echo "FAIL: a notebook was executed again with nothing changed"; exit 1; }
"$work/lpft" store log --last 12

step "every notebook of the paper's list, profile smoke"
"$work/lpft" reproduce --profile smoke --report "$work/smoke"
for notebook in notebooks/*.ipynb; do
    name=$(basename "$notebook")
    [ "$name" = index.ipynb ] || [ -s "$LPFT_HOME/executed/smoke/$name" ] || { echo "FAIL: $name was not executed"; exit 1; }
done
"$work/lpft" results --profile smoke >"$work/smoke-runs.txt"
"$work/lpft" results --profile smoke --format csv >"$work/smoke-go.csv"
head -4 "$work/smoke-runs.txt"
"$work/lpft" results --profile smoke --claims

step "killed in the middle, started again"
bash .ci/kill.sh "$work"

step "tests that want data and models, the toy task's promise among them"
LPFT_MODELS=$LPFT_HOME/models GOEXPERIMENT=simd go test -v ./lpftlib/... >"$work/real.log" 2>&1 || { grep -v "^=== \|^    --- PASS\|^--- PASS" "$work/real.log" | tail -60; exit 1; }
grep "^ok\|toy_test.go\|^--- SKIP" "$work/real.log"
if grep -A2 "^--- SKIP" "$work/real.log" | grep -q "LPFT_DATA is not set\|LPFT_MODELS is not set"; then
    echo "FAIL: tests on data or models were skipped although both are there"
    exit 1
fi

step "linear probing against scikit-learn on CB, RTE, SST-2"
python=$cache/sklearn/bin/python
pins=lpftlib/probe/testdata/requirements.txt
if ! cmp -s "$pins" "$cache/sklearn/pins.txt"; then
    rm -rf "$cache/sklearn"
    python3 -m venv "$cache/sklearn"
    "$python" -m pip install -q -r "$pins"
    cp "$pins" "$cache/sklearn/pins.txt"
fi
"$python" lpftlib/probe/testdata/check_sklearn.py "$work/lpft" "$LPFT_HOME/models/minilm" "$LPFT_DATA"

step "notebooks with a real Python and kernel: failing cells, kills, the Lab's server"
LPFT_TEST_LAB=1 LPFT_TEST_LAB_HOME=$LPFT_HOME GOEXPERIMENT=simd go test -count=1 ./internal/lab

step "the notebooks in JupyterLab, by headless Chromium"
bash .ci/lab.sh "$work"

step "XLA on the processor"
bash .ci/xla.sh "$work" "$cache" "$shared"
