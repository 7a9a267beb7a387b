#!/usr/bin/env bash
# The slower checks of .ci/run, on real data where LPFT_DATA names them: usage slow.sh WORK CACHE, from a clone.
set -euo pipefail
work=$1 cache=$2
task=cb
[ -n "${LPFT_DATA:-}" ] || task=toy
step() { printf '\n=== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }

step "XLA's plugin: fetched by the first command, and every way in which that can fail"
GOEXPERIMENT=simd go build -o "$work/lpft" ./cmd/lpft
bash .ci/plugin.sh "$work/lpft" "$work"

step "reproduce on $task, cold store, on the engine that a newcomer gets"
rm -rf "$LPFT_HOME/store" "$LPFT_HOME/executed" "$LPFT_HOME/programs"
"$work/lpft" reproduce --profile demo --tasks "$task" --report "$work/report" 2>&1 | tee "$work/first.log"
grep -q '^backend xla:cpu (first that works; plugin: PyPI wheel' "$work/first.log" || { echo "FAIL: reproduce did not take XLA from the wheel"; exit 1; }
grep -rqs '"backend": "go"' "$LPFT_HOME/store" --include=*.json && { echo "FAIL: something was computed on go"; exit 1; }
"$work/lpft" doctor
grep -q 'id="table1"' "$work/report/index.html"
ls -la "$work/report/figures"

step "go run ./cmd/lpft, without SIMD as the README has it, makes lpft with SIMD once and becomes it"
for time in first second; do
    env -u GOEXPERIMENT go run ./cmd/lpft doctor >"$work/doctor-$time.txt" 2>"$work/made-$time.log"
    grep '^ok  SIMD  *in this build' "$work/doctor-$time.txt"
done
if grep 'building lpft' "$work/made-second.log"; then
    echo "FAIL: lpft was built again with nothing changed"
    exit 1
fi

step "go run ./cmd/lpft lab opens the Lab at once, and builds lpft and fetches the engine while it is open"
rm -f "$LPFT_HOME"/bin/lpft "$LPFT_HOME"/bin/lpft.*
env -u GOEXPERIMENT go build -o "$work/starter" ./cmd/lpft
"$work/starter" lab --no-browser --port 18887 >"$work/lab-first.url" 2>"$work/lab-first.log" &
lab=$!
for _ in $(seq 120); do
    grep -q '^lpft is built' "$work/lab-first.log" && break
    kill -0 "$lab" 2>/dev/null || break
    sleep 1
done
kill "$lab" || true
wait "$lab" || true
cat "$work/lab-first.log"
grep -q 'token=' "$work/lab-first.url" || { echo "FAIL: the Lab did not open"; exit 1; }
for line in 'building lpft, which computes for cells' 'backend xla:cpu (first that works' 'lpft is built'; do
    grep -q "^$line" "$work/lab-first.log" || { echo "FAIL: no line \"$line\""; exit 1; }
done
"$LPFT_HOME/bin/lpft" doctor | grep '^ok  SIMD  *in this build'

if [ "$task" = cb ]; then
    for name in table01_features figure01_norm_growth; do
        python3 docs/render.py --check "$LPFT_HOME/executed/demo/$name.ipynb" docs/notebooks
    done
fi

step "reproduce again: everything is there"
"$work/lpft" reproduce --profile demo --tasks "$task" --report "$work/report" 2>&1 | tee "$work/again.log"
[ "$(grep -c 'as it was executed before' "$work/again.log")" = 2 ] || { echo "FAIL: a notebook was executed again with nothing changed"; exit 1; }
"$work/lpft" store log --last 12

step "the numbers of pre-trained models and linear probes, on the engine that is built in"
"$work/lpft" run --profile smoke --task "$task" --method pretrained,lp,ft --backend go >"$work/smoke-go.txt"
"$work/lpft" results --profile smoke --format csv >"$work/smoke-go.csv"
"$work/lpft" results --profile smoke | head -4
"$work/lpft" results --profile smoke --claims

step "killed in the middle, started again"
bash .ci/kill.sh "$work"

step "a study's jobs through a real Slurm, with everything going wrong"
bash .ci/slurm.sh "$work"

step "a study's jobs through a bucket"
bash .ci/s3.sh "$work"

[ -z "${LPFT_DATA:-}" ] || bash .ci/data.sh "$work" "$cache"

step "notebooks with a real Python and kernel: failing cells, kills, the Lab's server"
LPFT_TEST_LAB=1 LPFT_TEST_LAB_HOME=$LPFT_HOME GOEXPERIMENT=simd go test -count=1 ./internal/lab

step "the notebooks in JupyterLab, by headless Chromium"
bash .ci/lab.sh "$work" "$task"

step "XLA on the processor"
bash .ci/xla.sh "$work" "$cache" "$task"

"$work/lpft" worker stop # cells have used it; nothing is left running
