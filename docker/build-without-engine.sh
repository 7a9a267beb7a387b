#!/usr/bin/env bash
# Builds docker/Dockerfile where no Docker engine is to be had, and tries the image.
#
#   docker/build-without-engine.sh [--work DIR] [--ca FILE] [--mirror URL] [--target cpu] [--keep | --built]
#
#   --work    folder for the base, the storage and the results (default: a temporary one)
#   --ca      certificates to trust while building, where HTTPS goes through a proxy of your own:
#             the bundle that your programs use; the image does not keep it
#   --mirror  Debian's archive for the base (default http://deb.debian.org/debian)
#   --target  cpu or cuda
#   --keep    leave the image and its storage in place
#   --built   try the image that an earlier run with --keep left in --work
#
# Needs root on Debian or Ubuntu, about 20 GB in --work, and the network for the build. The base
# is made by debootstrap, because a registry may be out of reach; everything else is built from
# the unmodified Dockerfile by buildah. Then, without any network where the kernel allows that:
# `lpft doctor`, tests, the demo's fastest notebook, and the Lab in a real browser. Writes to DIR/out:
# doctor.txt, report/, lab.png, summary.txt (times and size).
set -euo pipefail
cd "$(dirname "$0")/.."
work= ca= mirror=http://deb.debian.org/debian target=cpu keep= built=
while [ $# -gt 0 ]; do
    case $1 in
        --work) work=$2; shift 2 ;;
        --ca) ca=$2; shift 2 ;;
        --mirror) mirror=$2; shift 2 ;;
        --target) target=$2; shift 2 ;;
        --keep) keep=1; shift ;;
        --built) built=1 keep=1; shift ;;
        *) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done
[ "$(id -u)" = 0 ] || { echo "must run as root: debootstrap and buildah make file systems of other users"; exit 1; }
temporary=
[ -n "$work" ] || { work=$(mktemp -d); temporary=1; }
mkdir -p "$work"
work=$(cd "$work" && pwd)
out=$work/out
mkdir -p "$out"
step() { printf '\n=== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }

if ! command -v buildah >/dev/null || ! command -v debootstrap >/dev/null; then
    step "buildah and debootstrap"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends buildah debootstrap crun >"$work/apt.log" 2>&1 \
        || { tail -5 "$work/apt.log"; exit 1; }
fi
b() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
container= lab=
finish() {
    [ -z "$lab" ] || kill -- "-$lab" 2>/dev/null || true # the group: buildah does not pass a signal on
    [ -z "$container" ] || b rm "$container" >/dev/null 2>&1 || true
    if [ -z "$keep" ]; then rm -rf "$work/storage" "$work/run" "$work/base" "$work/context"; fi
    if [ -z "$keep" ] && [ -n "$temporary" ]; then echo "results: $out"; fi
}
trap finish EXIT

took=
if [ -z "$built" ]; then
    base=localhost/lpft-base:bookworm
    if ! b inspect --type image "$base" >/dev/null 2>&1; then
        step "a base as debian:bookworm-slim, by debootstrap"
        rm -rf "$work/base"
        debootstrap --variant=minbase bookworm "$work/base" "$mirror" >"$work/debootstrap.log" 2>&1 \
            || { tail -5 "$work/debootstrap.log"; exit 1; }
        rm -rf "$work/base"/var/cache/apt/archives/*.deb "$work/base"/var/lib/apt/lists/* "$work/base"/usr/share/{doc,man,locale}/*
        from=$(b from scratch)
        b copy -q "$from" "$work/base" /
        b config --cmd /bin/bash "$from"
        b commit -q --rm "$from" "$base" >/dev/null
        rm -rf "$work/base"
    fi

    step "building target $target from the unmodified Dockerfile"
    rm -rf "$work/context"
    git clone -q . "$work/context" # what is committed, as a reviewer has it
    started=$SECONDS
    b bud --isolation chroot --pull-never --format docker --layers=false --target "$target" \
        ${ca:+--secret "id=ca,src=$ca"} --build-arg "BASE=$base" --build-arg APT_SNAPSHOT= \
        -f "$work/context/docker/Dockerfile" -t "lpft:$target" "$work/context" >"$work/build.log" 2>&1 \
        || { tail -30 "$work/build.log"; exit 1; }
    took=$((SECONDS - started))
fi
size=$(b images --format '{{.Size}}' "lpft:$target")
echo "${took:+built in $took s, }$size"

container=$(b from --pull-never "lpft:$target")
# The container shares this machine's network: chroot isolation has none of its own. Programs
# are started in an empty network namespace where the kernel lets root make one.
inside() { b run --isolation chroot "$container" -- "$@"; }
offline() {
    if unshare --net true 2>/dev/null; then
        unshare --net bash -c 'ip link set lo up 2>/dev/null || true; exec buildah --root "$0" --runroot "$1" --storage-driver vfs run --isolation chroot "$2" -- "${@:3}"' \
            "$work/storage" "$work/run" "$container" "$@"
    else
        echo "(this kernel gives no network namespace: the network stays)" >&2
        inside "$@"
    fi
}

step "who runs, lpft doctor"
[ "$(inside id -u)" = 1000 ] || { echo "FAIL: the image runs as $(inside id -u)"; exit 1; }
offline lpft doctor | tee "$out/doctor.txt"

step "tests in the container, without a network"
offline go test ./lpftlib/measure ./lpftlib/backend
offline sh -c 'touch /home/lpft/lpft/store/x && rm /home/lpft/lpft/store/x && test ! -w /usr/local/go'

step "another user, and a volume that this one cannot write"
mkdir -p "$work/foreign"
chmod 755 "$work/foreign"
b run --isolation chroot --user 4321 "$container" -- lpft doctor | grep '^everything'
b run --isolation chroot --user 4321 --volume "$work/foreign:/home/lpft/lpft/store" "$container" -- lpft doctor >"$work/other.txt" 2>&1 \
    && { cat "$work/other.txt"; echo "FAIL: a store that cannot be written is no problem"; exit 1; }
grep '^lpft: home: .*store cannot be written.*user 4321' "$work/other.txt"

step "a training run, and the demo's fastest notebook, without a network"
offline lpft run --profile smoke --task toy --method lpft
started=$SECONDS
offline lpft reproduce --profile demo --only table7 --report /report
notebook=$((SECONDS - started))
rm -rf "$out/report"
mkdir "$out/report"
inside tar -C /report -cf - . | tar -C "$out/report" -xf - # a volume: not part of the container's own files
grep -q 'id="table7"' "$out/report/index.html"

step "the Lab, by headless Chromium"
if ! command -v chromium >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >"$work/apt.log" 2>&1 \
        || { tail -5 "$work/apt.log"; exit 1; }
fi
set -m # a process group of its own
inside lpft lab --no-browser --host 127.0.0.1 --port 18890 >"$work/lab.url" 2>"$work/lab.log" &
lab=$!
set +m
for _ in $(seq 60); do
    [ -s "$work/lab.url" ] && break
    kill -0 "$lab" 2>/dev/null || { cat "$work/lab.log"; echo "FAIL: the Lab ended"; exit 1; }
    sleep 1
done
token=$(sed -n 's/.*token=\([^& ]*\).*/\1/p' "$work/lab.url")
[ -n "$token" ] || { echo "FAIL: the Lab has no token"; exit 1; }
started=$SECONDS
python3 .ci/lab.py --url "http://127.0.0.1:18890/lab/tree/notebooks/table07_datasets.ipynb?token=$token" \
    --timeout 420 --screenshot "$out/lab.png"
cells=$((SECONDS - started))
check=$(b inspect --type image "lpft:$target" | python3 -c '
import json, shlex, sys
test = json.load(sys.stdin)["Docker"]["config"]["Healthcheck"]["Test"]
print(shlex.join(test[1:]).replace(":8888", ":18890"))')
inside sh -c "$check"
echo "the health check passes"

{
    echo "target $target: ${took:+built in $took s on $(nproc) cores, }$size"
    echo "the demo's Table 7 in the container: $notebook s headless, $cells s in the Lab from opening to the last cell"
} | tee "$out/summary.txt"
