# Builds kube-apiserver from the Go proxy: build.sh VERSION OUTPUT FOLDER. Its own module takes the parts that are published
# apart (k8s.io/api, …) from a folder of its repository, which the proxy does not serve, so a module that stands for it names
# their versions.
set -euo pipefail
version=$1 output=$2
mkdir -p "$3" && cd "$3"
export GOFLAGS=-mod=mod CGO_ENABLED=0
of_module=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)",*/\1/p')
{
    printf 'module server\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$version"
    sed -n 's/^\t\(k8s\.io\/[a-z-]*\) v0\.0\.0.*/\1/p' "$of_module" | sort -u | sed "s/.*/\t& => & v0.${version#*.}/"
    echo ')'
} >go.mod
go get "k8s.io/kubernetes/cmd/kube-apiserver@v$version"
go build -ldflags "-s -w" -o "$output" k8s.io/kubernetes/cmd/kube-apiserver
