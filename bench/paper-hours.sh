#!/usr/bin/env bash
# What profile `paper` takes: tokens that pass through RoBERTa-base for each item of the paper by itself, from an empty
# store, and hours at a rate of your card. A training token counts as three.
#
#   LPFT_DATA=… ROBERTA=… RATE=45000 bench/paper-hours.sh
#
# ROBERTA is a folder with a model of RoBERTa-base's shape and its tokenizer; the weights do not matter. Data sets that
# LPFT_DATA lacks are replaced by meaningless rows of the same number and length.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap '[ $? = 0 ] || tail -3 "$work/said" >&2; rm -rf "$work"' EXIT
GOEXPERIMENT=simd go build -o "$work/lpft" ./cmd/lpft
python3 bench/peers/paper_rows.py "$work/data"
printf '{"about": "The paper'"'"'s setting with a model of RoBERTa-base'"'"'s shape.", "model": "%s"}\n' "${ROBERTA:?a folder with config.json, model.safetensors and the tokenizer}" >"$work/paper.json"
export LPFT_DATA=$work/data LPFT_HOME=$work/home
plan() { # tokens, in millions, that are left to compute
    "$work/lpft" plan --profile "$work/paper.json" --backend xla:cuda "$@" 2>"$work/said" |
        python3 -c 'import json, sys; print("%.1f" % (sum(json.loads(line)["tokens"] for line in sys.stdin) / 1e6))'
}
hours() { awk -v m="$1" -v r="${RATE:-45000}" 'BEGIN { printf "%.1f", m * 1e6 / r / 3600 }'; }
printf '| item | notebook | command | tokens, 10^6 | GPU hours |\n| --- | --- | --- | --- | --- |\n'
"$work/lpft" reproduce --profile "$work/paper.json" --dry-run 2>"$work/said" | awk 'NR > 1 && $1 != "all" && $2 ~ /ipynb/ { print $1, $2 }' >"$work/items"
while read -r item notebook; do
    tokens=$(plan --only "$item")
    printf '| %s | `%s` | `lpft reproduce --profile paper --only %s` | %s | %s |\n' "$item" "$notebook" "$item" "$tokens" "$(hours "$tokens")"
done <"$work/items"
tokens=$(plan)
printf '| all, what they share once | | `lpft reproduce --profile paper` | %s | %s |\n' "$tokens" "$(hours "$tokens")"
