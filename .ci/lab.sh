#!/usr/bin/env bash
# In a real JupyterLab, with headless Chromium: changes a seed in a notebook, and a colour in another,
# and runs them again; runs all cells of a third; then proves that a panicking cell fails. Before that, the kernel by itself. Usage: lab.sh WORK [TASK], from a clone, with $WORK/lpft built.
set -euo pipefail
work=$1 task=${2:-cb}
if ! command -v chromium >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >"$work/apt.log" 2>&1 \
        || { tail -5 "$work/apt.log"; echo "FAIL: chromium cannot be installed"; exit 1; }
fi

bash .ci/kernel.sh "$work" "${XDG_CACHE_HOME:-$HOME/.cache}/lpft-ci"

# A notebook whose cell panics must fail, or green means nothing.
panicking=$PWD/notebooks/zz_panic.ipynb
lab=
trap 'rm -f "$panicking"; [ -z "$lab" ] || kill "$lab" 2>/dev/null || true' EXIT
cat >"$panicking" <<'JSON'
{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": null, "outputs": [], "source": ["%%\n", "panic(\"on purpose\")\n"]}],
 "metadata": {"kernelspec": {"name": "lpft", "display_name": "Go (lpft)", "language": "go"}}, "nbformat": 4, "nbformat_minor": 5}
JSON

# serve KEY=value...: starts a Lab with this environment and waits for its address.
serve() {
    : >"$work/lab.url"
    env "$@" "$work/lpft" lab --no-browser --port 18888 >"$work/lab.url" 2>"$work/lab.log" &
    lab=$!
    for _ in $(seq 120); do
        [ -s "$work/lab.url" ] && break
        kill -0 "$lab" 2>/dev/null || { cat "$work/lab.log"; echo "FAIL: lpft lab ended"; exit 1; }
        sleep 1
    done
    token=$(sed -n 's/.*token=\([^& ]*\).*/\1/p' "$work/lab.url")
}
# drive SCRIPT NOTEBOOK [ARGUMENT...]: a script of this folder on a notebook in the Lab.
drive() {
    python3 ".ci/$1" --url "http://127.0.0.1:18888/lab/tree/notebooks/$2?token=$token" --timeout 420 \
        --screenshot "$work/${1%.py}-${2%.ipynb}.png" "${@:3}"
}
open() { drive lab.py "$@"; }

# A reader changes the seed in the page; the notebook that the Lab saves is put back after.
serve LPFT_PROFILE=smoke LPFT_TASKS=toy
drive rerun.py table01_features.ipynb --lpft "$work/lpft"
kill "$lab"
wait "$lab" || true
git checkout -q notebooks/table01_features.ipynb

serve LPFT_PROFILE=demo LPFT_TASKS="$task"
open table01_features.ipynb
drive recolor.py figure01_norm_growth.ipynb --lpft "$work/lpft"
git checkout -q notebooks/figure01_norm_growth.ipynb
if open zz_panic.ipynb; then
    echo "FAIL: a panicking cell passed"
    exit 1
fi
echo "a panicking cell fails, as it must"

# The port is taken now: one line, exit 1.
if "$work/lpft" lab --no-browser --port 18888 2>"$work/taken.log"; then
    echo "FAIL: a second lab took the same port"
    exit 1
fi
cat "$work/taken.log"
