#!/usr/bin/env bash
# `lpft reproduce --profile smoke`, every notebook from an empty store, on several engines one after the other: seconds
# and their ratio to the first.
#
#   LPFT_DATA=… PJRT_PLUGIN_LIBRARY_PATH=… bench/smoke.sh [go xla:cpu]
#
# HOME_OF_LPFT is a folder to work in (default a temporary one, into which the notebooks' Python is installed first).
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- go xla:cpu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LPFT_HOME=${HOME_OF_LPFT:-$work/home}
GOEXPERIMENT=simd go build -o "$work/lpft" ./cmd/lpft
"$work/lpft" lab --setup-only >/dev/null
first=
for engine in "$@"; do
    rm -rf "$LPFT_HOME/store" "$LPFT_HOME/executed"
    started=$(date +%s%N)
    "$work/lpft" reproduce --profile smoke --backend "$engine" --report "$work/report" >"$work/out" 2>"$work/log" || { tail -3 "$work/log" >&2; exit 1; }
    took=$((($(date +%s%N) - started) / 1000000))
    first=${first:-$took}
    awk -v e="$engine" -v t="$took" -v f="$first" 'BEGIN { printf "%-10s %8.1f s  %.2f of the first\n", e, t / 1000, t / f }'
    tail -1 "$work/out" | sed 's/; .*//'
done
