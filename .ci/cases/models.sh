#!/usr/bin/env bash
# Tokenizer folders, checkpoints and adapters: models.sh CASES LPFT WORK, from the repository's root.
set -euo pipefail
go build -o "$3/peftmerge" ./.ci/peftmerge
python3 .ci/cases/models.py "$@"
