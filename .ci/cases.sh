#!/usr/bin/env bash
# Runs the folders of awkward inputs that people have reported through lpft: .ci/cases.sh CASES
# Every .ci/cases/*.sh takes CASES, the lpft binary and a folder to work in, and fails on any
# deviation from what the folders' READMEs call right. Needs python3, nothing from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
cases=$(cd "${1:?usage: .ci/cases.sh CASES}" && pwd)
export GOEXPERIMENT=${GOEXPERIMENT-simd} GOMLX_BACKEND=${GOMLX_BACKEND:-go}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LPFT_HOME=$work/home
go build -o "$work/lpft" ./cmd/lpft
failed=0
for table in .ci/cases/*.sh; do
	mkdir -p "$work/$(basename "$table" .sh)"
	bash "$table" "$cases" "$work/lpft" "$work/$(basename "$table" .sh)" || failed=1
done
exit $failed
