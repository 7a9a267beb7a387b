#!/usr/bin/env bash
# XLA's plugin from the first command: fetched where there is none, and every way in which that can fail ends in one
# line and the engine "go". Usage: plugin.sh LPFT WORK. Takes the wheel from the package index once.
set -euo pipefail
lpft=$1 work=$2/plugin
mkdir -p "$work"
unset PJRT_PLUGIN_LIBRARY_PATH GOMLX_BACKEND LPFT_HOME LD_LIBRARY_PATH
export HOME=$work/user # nobody's ~/.local/lib/go-xla
mkdir -p "$HOME"
fail() { echo "FAIL: $*"; exit 1; }
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; mountpoint -q "$work/full" && umount "$work/full" || true' EXIT

# features of one text: loads the model from a folder and opens the engine
model=$work/model
LPFT_HOME=$work/model-home "$lpft" run --profile smoke --task toy --method pretrained --backend go >/dev/null 2>&1 || fail "the tiny model"
model=$(dirname "$(find "$work/model-home/models" -name model.safetensors | head -1)")
printf '{"a":"some text"}\n' >"$work/lines.jsonl"
start() { "$lpft" features --model "$model" --in "$work/lines.jsonl" --out "$work/f.npy" "$@" 2>"$work/said"; }
engine() { sed -n 's/^backend \([a-z:]*\) .*/\1/p' "$work/said"; }

refused() { # what, words in the line, command…
    local what=$1 words=$2
    shift 2
    rm -f "$work/f.npy"
    "$@" || { cat "$work/said"; fail "$what: the work did not go on"; }
    [ "$(engine)" = go ] && [ -s "$work/f.npy" ] || { cat "$work/said"; fail "$what: the engine is not go"; }
    [ "$(grep -c '^backend' "$work/said")" = 1 ] && grep '^backend' "$work/said" | grep -q "$words" || { cat "$work/said"; fail "$what: the line does not say $words"; }
    printf 'ok  %-28s %s\n' "$what" "$(grep '^backend' "$work/said" | grep -o 'xla:cpu: .*' | cut -c1-150)"
}
fresh() { rm -rf "$work/home"; export LPFT_HOME=$work/home; }

fresh; refused "--offline" offline start --offline
fresh; refused "HF_HUB_OFFLINE" offline env HF_HUB_OFFLINE=1 bash -c "$(declare -f start); lpft='$lpft' model='$model' work='$work'; start"
fresh; refused "an empty folder that is named" "PJRT_PLUGIN_LIBRARY_PATH" env PJRT_PLUGIN_LIBRARY_PATH="$work/user" bash -c "$(declare -f start); lpft='$lpft' model='$model' work='$work'; start"
fresh; start --backend go; [ ! -e "$LPFT_HOME/plugins" ] || fail "--backend go fetched something"; echo "ok  --backend go                 nothing is fetched"

cat >"$work/index.py" <<'PYTHON'
"""A package index that misbehaves: html, cut (the file ends early) or wrong (another file). Prints its port."""
import http.server, sys
mode, name = sys.argv[1], "fastatomstruct_xla_cpu-2026.6.23-py3-none-manylinux_2_27_x86_64.whl"
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        page = b"<html>please log in to the network</html>"
        if mode != "html" and self.path.endswith("/"):
            page = f'<html><a href="/files/{name}">{name}</a></html>'.encode()
        elif mode != "html":
            page = b"PK" + bytes(1 << 20)
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if page[:1] == b"<" else "application/zip")
        self.send_header("Content-Length", str(len(page) * (2 if mode == "cut" and page[:1] != b"<" else 1)))
        self.end_headers()
        self.wfile.write(page)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
for mode in html cut wrong; do
    : >"$work/port"
    python3 "$work/index.py" "$mode" >"$work/port" & server=$!
    for _ in $(seq 50); do [ -s "$work/port" ] && break; sleep 0.1; done
    fresh
    case $mode in html) words=pip ;; cut) words=. ;; wrong) words=. ;; esac
    refused "an index that answers: $mode" "xla:cpu: .*$words" env -u PIP_FIND_LINKS PIP_INDEX_URL="http://127.0.0.1:$(cat "$work/port")/simple" PIP_CONFIG_FILE=/dev/null \
        bash -c "$(declare -f start); lpft='$lpft' model='$model' work='$work'; start"
    kill "$server"; server=
done
fresh; refused "no network" "cannot be reached" env -u PIP_FIND_LINKS PIP_INDEX_URL=http://127.0.0.1:9/simple PIP_CONFIG_FILE=/dev/null \
    bash -c "$(declare -f start); lpft='$lpft' model='$model' work='$work'; start"

if [ "$(id -u)" = 0 ] && mkdir -p "$work/full" && mount -t tmpfs -o size=100m lpft "$work/full" 2>/dev/null; then
    rm -rf "$work/home"; export LPFT_HOME=$work/full
    refused "no space" "space" start
    [ -z "$(ls "$LPFT_HOME/plugins/cpu" | grep -v install.lock || true)" ] || fail "no space: something stayed"
    umount "$work/full"
else
    echo "--  no space                     left out: it takes root and a tmpfs"
fi

# killed in the middle of the real download, then started again
fresh
setsid "$lpft" features --model "$model" --in "$work/lines.jsonl" --out "$work/f.npy" 2>/dev/null & child=$!
for _ in $(seq 200); do
    [ -n "$(find "$LPFT_HOME/plugins" -path '*part-*' -type f -size +1M 2>/dev/null)" ] && break
    kill -0 "$child" 2>/dev/null || break
    sleep 0.05
done
kill -9 -- "-$child" 2>/dev/null || true
wait "$child" 2>/dev/null || true
find "$LPFT_HOME/plugins" -name '.part-*' | grep -q . || fail "the download was not killed in its middle"
start || { cat "$work/said"; fail "after a kill"; }
[ "$(engine)" = xla:cpu ] || { cat "$work/said"; fail "after a kill the engine is $(engine)"; }
[ "$(ls -A "$LPFT_HOME/plugins/cpu" | grep -v install.lock)" = pjrt_c_api_cpu_plugin.so ] || fail "something stayed of the kill"
echo "ok  killed in the middle         $(grep '^backend' "$work/said" | cut -c1-110)"

# two at once fetch once; the second start loads what the first compiled
fresh
"$lpft" features --model "$model" --in "$work/lines.jsonl" --out "$work/a.npy" 2>"$work/said.a" & other=$!
start
wait "$other"
[ "$(cat "$work/said" "$work/said.a" | grep -c '^fetching.* 0/60 MB')" = 1 ] || { cat "$work/said" "$work/said.a"; fail "two processes did not fetch once"; }
cmp "$work/a.npy" "$work/f.npy"
"$lpft" doctor | grep '^ok  plugin '
echo "ok  two at once                  fetched once"
