#!/usr/bin/env bash
# The kernel in a Jupyter of its own, without a Lab: kernel.py's tests. Usage: kernel.sh WORK CACHE, from a clone, with $WORK/lpft built.
set -euo pipefail
work=$1 venv=$2/jupyter
pins="jupyter_client==8.10.0 jupyter_kernel_test==0.7.0"
if [ "$(cat "$venv/pins.txt" 2>/dev/null)" != "$pins" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    # shellcheck disable=SC2086
    "$venv/bin/python" -m pip install -q $pins >&2
    echo "$pins" >"$venv/pins.txt"
fi
"$work/lpft" kernel install --prefix "$venv"
"$venv/bin/python" .ci/kernel.py
