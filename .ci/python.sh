#!/usr/bin/env bash
# A Python with scikit-learn and numpy at the versions of the fixtures; prints its path. Usage: python.sh CACHE.
set -euo pipefail
venv=$1/sklearn
pins=lpftlib/probe/testdata/requirements.txt
if ! cmp -s "$pins" "$venv/pins.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q -r "$pins" >&2
    cp "$pins" "$venv/pins.txt"
fi
echo "$venv/bin/python"
