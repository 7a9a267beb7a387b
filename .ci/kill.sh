#!/usr/bin/env bash
# Kills `lpft reproduce` in the middle of training, the way a power cut would, and starts it
# again: nothing of it may live on, the second start must continue, and no artefact may be
# torn. Usage: kill.sh WORK, with $WORK/lpft built; uses the built-in toy task.
set -euo pipefail
work=$1
log=$work/killed.log
"$work/lpft" worker stop # one that cells have left running is none of this run's
"$work/lpft" reproduce --profile demo --tasks toy --report "$work/toy" >"$work/killed.out" 2>"$log" &
pid=$!
# A checkpoint is left every 20 seconds: wait until training has gone on for longer.
for _ in $(seq 600); do
    grep -q '^FT toy, seed 1001  0/\|^FT toy, seed 1001  [0-9]' "$log" && break
    kill -0 "$pid" 2>/dev/null || { tail -5 "$log"; echo "FAIL: ended before it could be killed"; exit 1; }
    sleep 1
done
sleep 30
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
echo "killed: $(tail -1 "$log")"
sleep 6
if pgrep -af "$LPFT_HOME/(venv|bin)/"; then
    echo "FAIL: these outlived the killed run"
    exit 1
fi
"$work/lpft" reproduce --profile demo --tasks toy --report "$work/toy" 2>"$work/again.log"
"$work/lpft" store log >"$work/log.txt"
grep -q ' resumed .* FT toy, seed 1001' "$work/log.txt" || { grep toy "$work/log.txt" | head -20; echo "FAIL: training began anew"; exit 1; }
if grep -q ' refused ' "$work/log.txt"; then
    echo "FAIL: an artefact was torn"
    exit 1
fi
echo "the second start continued and finished; nothing was torn"
