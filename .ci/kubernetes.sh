#!/usr/bin/env bash
# A real Kubernetes API server on this machine, for as long as the script runs: .ci/kubernetes.sh WORK [CACHE], with
# $WORK/lpft built. It is asked to take what `lpft submit kubernetes --dry-run` prints, by a dry run on the server's side and
# then in earnest, and must refuse the same with a field misspelt, which shows that it looks. No node runs the pods.
# etcd is Debian's. The server is kube-apiserver (Apache-2.0), built from the Go proxy outside the project's module: a quarter
# of an hour on two cores, so it is kept in CACHE and the script is no part of .ci/run. Where one of them is not to be had,
# the script says SKIPPED.
set -euo pipefail
work=$(mkdir -p "$1" && cd "$1" && pwd)
cache=$(mkdir -p "${2:-$1}" && cd "${2:-$1}" && pwd)
version=1.34.4
lpft=$work/lpft
here=$(cd "$(dirname "$0")" && pwd)
kube=$work/kubernetes
rm -rf "$kube" && mkdir -p "$kube"

if ! command -v etcd >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends etcd-server; } >"$work/apt.log" 2>&1 \
        || { echo "SKIPPED: etcd cannot be installed here: $(tail -1 "$work/apt.log")"; exit 0; }
fi
server=$cache/kube-apiserver-$version
if [ ! -x "$server" ]; then
    bash "$here/kubernetes/build.sh" "$version" "$server" "$kube/build" >"$kube/build.log" 2>&1 \
        || { echo "SKIPPED: kube-apiserver cannot be built here: $(tail -1 "$kube/build.log")"; exit 0; }
fi

trap 'kill -9 $(jobs -p) 2>/dev/null || true' EXIT
etcd --data-dir "$kube/etcd" --listen-client-urls http://127.0.0.1:23790 --advertise-client-urls http://127.0.0.1:23790 \
    --listen-peer-urls http://127.0.0.1:23800 --initial-advertise-peer-urls http://127.0.0.1:23800 \
    --initial-cluster default=http://127.0.0.1:23800 >"$kube/etcd.log" 2>&1 &
openssl genrsa -out "$kube/accounts.key" 2048 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,lpft,lpft,system:masters" >"$kube/tokens.csv"
"$server" --etcd-servers http://127.0.0.1:23790 --bind-address 127.0.0.1 --secure-port 26443 --cert-dir "$kube/certificates" \
    --service-cluster-ip-range 10.0.0.0/24 --authorization-mode RBAC --token-auth-file "$kube/tokens.csv" \
    --service-account-issuer https://127.0.0.1:26443 --service-account-key-file "$kube/accounts.key" \
    --service-account-signing-key-file "$kube/accounts.key" >"$kube/server.log" 2>&1 &

echo "kube-apiserver $version, $(etcd --version | head -1)"
flags=(--profile smoke --tasks toy --seeds 1,2 --backend go --image lpft:cpu)
export LPFT_HOME=$kube/home GOMLX_BACKEND=go
"$lpft" submit kubernetes "${flags[@]}" --dry-run >"$kube/claim.yaml"
"$lpft" submit kubernetes "${flags[@]}" --claim "" --secret bucket --env LPFT_REMOTE=s3://bucket/study --gpu nvidia.com/gpu=1 \
    --node-selector gpu=a100 --max 4 --dry-run >"$kube/bucket.yaml"
python3 "$here/kubernetes/submit.py" --server https://127.0.0.1:26443 --certificate "$kube/certificates/apiserver.crt" --token "$token" \
    "$kube/claim.yaml" "$kube/bucket.yaml" || { tail -3 "$kube/server.log"; exit 1; }
