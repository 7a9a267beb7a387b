#!/usr/bin/env bash
# The paper's claims C1, C2, C3, C7 and C8 on real CB and SST-2 with MiniLM, from the folder that
# LPFT_DATA names. What is in the store already is not computed again. Usage, from the project:
#   GOMLX_BACKEND=xla:cpu bench/claims.sh
set -euo pipefail
cd "$(dirname "$0")/.."
lpft=${LPFT:-$(mktemp -d)/lpft}
[ -x "$lpft" ] || GOEXPERIMENT=simd go build -o "$lpft" ./cmd/lpft
"$lpft" run --profile bench/claims/norms.json --task cb --method ft,lpft --norm 0.5,2,10,50
"$lpft" results --profile norms --claims
"$lpft" run --profile bench/claims/claims.json --task cb --method pretrained,lp,ft,lpft
# SST-2's phrases are short: the go engine's fine length buckets beat XLA's coarse ones there.
for method in ft lpft; do
    "$lpft" tune --backend go --profile bench/claims/claims.json --task sst2 --method "$method" --grid bench/claims/grid.json
done
"$lpft" run --backend go --profile bench/claims/claims.json --task sst2 --method pretrained,lp,ft,lpft
"$lpft" results --profile claims
"$lpft" results --profile claims --claims
