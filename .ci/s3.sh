#!/usr/bin/env bash
# An S3 server on this machine, for as long as the script runs: .ci/s3.sh WORK, with $WORK/lpft built. Three workers with
# stores of their own do a study's jobs through one bucket while the server is killed and started again and an object is
# damaged. All must complete with the numbers of a single process, and nothing but what was damaged may be computed twice.
# The server is gofakes3 (MIT), built from the Go proxy outside the project's module; where it cannot be, the script says
# SKIPPED. S3_SERVER names another one's program: SeaweedFS's weed, which takes ten minutes to build.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mkdir -p "$1" && cd "$1" && pwd)
lpft=$work/lpft
s3=$work/s3
rm -rf "$s3" && mkdir -p "$s3"

server=${S3_SERVER:-$s3/gofakes3}
if [ ! -x "$server" ]; then
    mkdir -p "$s3/build"
    printf 'module server\n\ngo 1.26.0\n' >"$s3/build/go.mod"
    (cd "$s3/build" && GOFLAGS=-mod=mod go get github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0 &&
        go build -o "$server" github.com/johannesboyne/gofakes3/cmd/gofakes3) >"$s3/build.log" 2>&1 ||
        { echo "SKIPPED: no S3 server can be built here: $(tail -1 "$s3/build.log")"; exit 0; }
fi

. .ci/s3/study.sh # the server, the workers, and what must be true in the end
trap stop_server EXIT
study
