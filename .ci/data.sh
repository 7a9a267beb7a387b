#!/usr/bin/env bash
# What takes the real data: usage data.sh WORK CACHE, from a clone, with $WORK/lpft built, LPFT_DATA and LPFT_HOME set.
set -euo pipefail
work=$1 cache=$2
step() { printf '\n=== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }

step "tests that want data and models, the toy task's promise among them"
shown() { grep -v "^=== \|^    --- PASS\|^--- PASS" "$work/real.log" | tail -60; exit 1; }
export LPFT_MODELS=$LPFT_HOME/models GOEXPERIMENT=simd
wanting=$(git grep -l 'LPFT_DATA is not set\|LPFT_MODELS is not set' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|' | grep -v 'lpftlib/session$') # session's one such test comes next
GOMLX_BACKEND=go go test -v -skip TestToyIsNoToyProblem $wanting >"$work/real.log" 2>&1 || shown
go test -v -run TestToyIsNoToyProblem ./lpftlib/session >>"$work/real.log" 2>&1 || shown # on the engine that a newcomer gets
grep "^ok\|toy_test.go\|^--- SKIP" "$work/real.log"
if grep -A2 "^--- SKIP" "$work/real.log" | grep -q "LPFT_DATA is not set\|LPFT_MODELS is not set"; then
    echo "FAIL: tests on data or models were skipped although both are there"
    exit 1
fi

step "linear probing against scikit-learn on CB and RTE (SST-2, whose tight fits take scikit-learn minutes, is left out)"
python=$(bash .ci/python.sh "$cache")
GOMLX_BACKEND=go "$python" lpftlib/probe/testdata/check_sklearn.py "$work/lpft" "$LPFT_HOME/models/minilm" "$LPFT_DATA" cb rte
