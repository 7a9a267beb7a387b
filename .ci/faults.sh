#!/bin/sh
# The long form of the fault injection, outside the ordinary tests: .ci/faults.sh [POINTS [FUZZTIME]]
# kills a study, and fills its disk, at POINTS calls that change the disk (200), flips as many bits, kills whole reproductions
# (kills.py), and fuzzes every reader for FUZZTIME each (5m). Counts are printed; the exit status is that of the first part that failed.
set -eu
cd "$(dirname "$0")/.."
points=${1:-200} fuzztime=${2:-5m}
export GOEXPERIMENT="${GOEXPERIMENT:-simd}"
LPFT_FAULTS=$points go test ./internal/crashpoint -timeout 6h -v
go test ./lpftlib/store -timeout 1h -v -run 'TestEveryCrashPoint|TestDamagedArchives'
go test ./lpftlib/finetune -timeout 1h -v -run 'Damage|Flipped|Fresh'
python3 .ci/kills.py
grep -rln --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' "$file"); do
		echo "fuzzing $target ($file)"
		go test "$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" -fuzzminimizetime 10x -parallel 2
	done
done
