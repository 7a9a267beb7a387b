#!/bin/sh
# The long form of the fault injection, outside the ordinary tests: .ci/faults.sh [POINTS [FUZZTIME]]
# kills a study, and fills its disk, at POINTS calls that change the disk (200), flips as many bits, kills whole reproductions
# (kills.py), and fuzzes every reader for FUZZTIME each (5m). Counts are printed; the exit status is that of the first part that failed.
set -eu
cd "$(dirname "$0")/.."
points=${1:-200} fuzztime=${2:-5m}
export GOEXPERIMENT="${GOEXPERIMENT:-simd}"
tests=$(mktemp -d)
trap 'rm -rf "$tests"' EXIT
go test -c -o "$tests/crashpoint" ./internal/crashpoint
# A tracer waits for any child of its process, so what is killed and what finds its disk full are two processes, a core each.
(cd internal/crashpoint && LPFT_FAULTS=$points "$tests/crashpoint" -test.timeout 6h -test.v -test.run CrashPointsOfAStudy/full) >"$tests/full.txt" 2>&1 &
(cd internal/crashpoint && LPFT_FAULTS=$points "$tests/crashpoint" -test.timeout 6h -test.v -test.run CrashPointsOfAStudy/killed)
wait $! || { cat "$tests/full.txt"; exit 1; }
cat "$tests/full.txt"
(cd internal/crashpoint && LPFT_FAULTS=$points "$tests/crashpoint" -test.timeout 6h -test.v -test.skip 'TestCrashPointsOfAStudy')
go test ./lpftlib/store -timeout 1h -v -run 'TestEveryCrashPoint|TestDamagedArchives'
go test ./lpftlib/finetune -timeout 1h -v -run 'Damage|Flipped|Fresh'
python3 .ci/kills.py
grep -rln --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' "$file"); do
		echo "fuzzing $target ($file)"
		go test "$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" -fuzzminimizetime 10x -parallel 2
	done
done
