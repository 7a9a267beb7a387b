#!/usr/bin/env bash
# Tables, features with labels, and logits as people have them: usage tables.sh CASES LPFT WORK, from a clone.
# CASES holds the folders data-*, probe-*, temperature-* and faults/, LPFT is the command, WORK a folder to write in.
# Each must give what its README calls right: the values, or a refusal of one line that says what the file is.
set -uo pipefail
cases=$1 lpft=$2 work=$3
root=$PWD
failed=0
fail() { echo "FAIL: $*"; failed=1; }

# run COMMAND…: its answer in $said, its status in $status, one line of an error at most.
run() {
    said=$("$@" 2>&1)
    status=$?
    [ $status = 0 ] || [ "$(grep -c . <<<"$said")" -le 2 ] || fail "$name: more than one line: $said"
}

# A program that prints the texts and labels of a task file, in a module of its own beside this one.
mkdir -p "$work/dump"
sed 's/i < 6/i < 1000/' "$cases/taskdump.go.txt" >"$work/dump/main.go"
go_module() {
    { printf 'module cases\n\ngo 1.26\n\nrequire lpft v0.0.0\n\nreplace lpft => %s\n' "$root"
      grep '^replace' "$root/go.mod"; sed -n '/^require (/,/^)/p' "$root/go.mod"; } >"$1/go.mod"
    cp "$root/go.sum" "$1/go.sum"
}
go_module "$work/dump"
(cd "$work/dump" && go build -mod=mod -o "$work/taskdump" .) || { echo "FAIL: taskdump does not build"; exit 1; }

# right NAME WORDS: rows of the test split, as taskdump prints them.
right() {
    name=$1
    run "$work/taskdump" "$cases/$name/task.json" test
    [ $status = 0 ] && grep -qF -- "$2" <<<"$said" || fail "$name: expected $2, got: $said"
    run "$lpft" features --model "$cases/enc-plain" --task "$cases/$name/task.json" --split test --out "$work/f.npy"
    [ $status = 0 ] || fail "$name: features: $said"
}

# refused NAME WORDS: an error of the command.
refused() {
    name=$1
    run "$lpft" features --model "$cases/enc-plain" --task "$cases/$name/task.json" --split test --out "$work/f.npy"
    [ $status = 1 ] && grep -qF -- "$2" <<<"$said" || fail "$name: expected an error with: $2, got: $said"
}

right data-csv-case-columns '"lower"/""=1  "y"/""=0  n 2'
right data-csv-crlf-quoted '"line one\r\nline two"/""=1  "plain"/""=0  n 2'
refused data-csv-utf16 'UTF-16'
refused data-json-array-file 'an array: write one object a line'
right data-json-case '"low"/""=1  "b"/""=0  n 2'
refused data-json-list-text 'field text is a list'
refused data-json-null-text 'field text is null'
refused data-json-surrogate 'half a surrogate pair'
right data-pq-decimal 'n 2'
right data-pq-f16label 'n 2'
refused data-pq-norows 'no rows, expected at least one example'
refused data-pq-nulltext 'field text is null'
right data-tsv-old-mac '"hello"/""=1  "x"/""=0  n 2'

# probe NAME: a head within two seconds; it prints κ and ‖V‖.
probe() {
    name=$1
    local start=$(date +%s%N)
    run timeout 60 "$lpft" probe --features "$cases/$name/f.npy" --labels "$cases/$name/y.npy" --out "$work/h.npz"
    took=$((($(date +%s%N) - start) / 1000000))
    [ $took -lt 2000 ] || fail "$name took $took ms"
}
for name in probe-slow-A probe-zeros-10x1; do
    probe "$name"
    [ $status = 0 ] && grep -q 'κ = 0.0001, ‖V‖ = 0[;,]' <<<"$said" || fail "$name: expected κ = 0.0001 and V = 0, got: $said"
done
for name in probe-npy-double-quotes probe-npy-py2-longs; do
    probe "$name"
    [ $status = 0 ] && grep -q 'linear head, C = 3, h = 5' <<<"$said" || fail "$name: $said"
done
probe probe-labels-from1
[ $status = 1 ] && grep -qF 'labels count from 1 to 3: expected 0 to 2; save labels - 1' <<<"$said" || fail "probe-labels-from1: $said"

# Logits that want a temperature beyond the reach of the published recipe: it says that it stopped at its limit.
mkdir -p "$work/temperature"
sed 's/bound %v | exact/limit %v | exact/; s/a\.AtBound, b\.T/a.AtLimit, b.T/; s/{0.001, 0.02, 1, 30, 300, 1e4}/{1, 300}/' "$cases/temperature-scale300/main.go.txt" >"$work/temperature/main.go"
go_module "$work/temperature"
said=$(cd "$work/temperature" && go run -mod=mod . 2>&1)
grep -qE '^scale 300: .* steps 100000 limit true \| exact T 269' <<<"$said" || fail "temperature-scale300: $said"
grep -qE '^scale 1: .* limit false ' <<<"$said" || fail "temperature-scale300, scale 1: $said"

# A footer that asks for 4 GiB in a file of 694 bytes.
name=faults
run "$lpft" features --model "$cases/enc-plain" --task "$cases/faults/pq.json" --split test --out "$work/f.npy"
[ $status = 1 ] && grep -qF 'damaged parquet file: a footer of 4286513489 bytes in a file of 694' <<<"$said" || fail "faults/pq.json: $said"

[ $failed = 0 ] && echo "tables, features and logits as people have them: all as they should be"
exit $failed
