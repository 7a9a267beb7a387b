# The study that goes through a bucket, and its troubles. Sourced by s3.sh.

port=${S3_PORT:-19000}
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true
bucket="s3://lpft/study?endpoint=http://127.0.0.1:$port&region=us-east-1"

start_server() {
    case $(basename "$server") in
    weed) # takes any key as long as it is given none of its own
        mkdir -p "$s3/weed"
        env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "$server" -logtostderr server -ip 127.0.0.1 -dir "$s3/weed" -s3 -s3.port "$port" \
            -master.volumeSizeLimitMB 64 -volume.max 50 >>"$s3/server.log" 2>&1 & ;;
    *) "$server" -host "127.0.0.1:$port" -backend bolt -bolt.db "$s3/objects.db" -quiet >>"$s3/server.log" 2>&1 & ;;
    esac
    serving=$!
    for _ in $(seq 300); do
        curl -sf -o /dev/null "http://127.0.0.1:$port/lpft?list-type=2&max-keys=1" && return
        curl -s -o /dev/null -X PUT "http://127.0.0.1:$port/lpft" || true # the bucket
        sleep 0.2
    done
    tail -3 "$s3/server.log"
    echo "FAIL: the server does not answer"
    return 1
}

stop_server() {
    kill -9 "$serving" 2>/dev/null || true
    wait "$serving" 2>/dev/null || true
}

worker() { LPFT_HOME=$s3/home-$1 LPFT_REMOTE=$bucket "$lpft" "${@:2}"; }

# jobs LEVEL prints the jobs of a level, their ids.
jobs() { python3 -c 'import json, sys; [print(j["id"]) for j in map(json.loads, sys.stdin) if j["level"] == int(sys.argv[1])]' "$1" <"$s3/plan.jsonl"; }

# level N does the jobs of a level, three at a time on three machines, and starts again what the server's end stopped.
level() {
    for try in 1 2 3 4; do
        local at=0 running=() failed=0
        for id in $(jobs "$1"); do
            worker $((at % 3)) job "$id" "${flags[@]}" >>"$s3/jobs.log" 2>&1 &
            running+=($!)
            at=$((at + 1))
            if [ "$at" = "${kill_after:-0}" ] && [ "$try" = 1 ]; then
                sleep 2
                stop_server
                echo "server killed with ${#running[@]} jobs under way"
            fi
            if [ $((at % 3)) = 0 ]; then
                for pid in "${running[@]}"; do wait "$pid" || failed=$((failed + 1)); done
                running=()
            fi
        done
        for pid in "${running[@]}"; do wait "$pid" || failed=$((failed + 1)); done
        [ "$failed" = 0 ] && return
        echo "level $1: $failed jobs failed, and are started again"
        kill -0 "$serving" 2>/dev/null || start_server
    done
    tail -5 "$s3/jobs.log"
    echo "FAIL: level $1 does not end"
    return 1
}

# damage flips a byte of a measurement's file, as the server has it.
damage() {
    local digest
    digest=$(python3 -c 'import glob, json, sys
m = json.load(open(sorted(glob.glob(sys.argv[1] + "/home-0/store/run/*/manifest.json"))[0]))
print(m["files"][0]["sha256"])' "$s3")
    curl -sf "http://127.0.0.1:$port/lpft/study/files/$digest" >"$s3/object"
    python3 -c 'import sys; d = bytearray(open(sys.argv[1], "rb").read()); d[len(d) // 2] ^= 1; open(sys.argv[1], "wb").write(d)' "$s3/object"
    curl -sf -X PUT --data-binary @"$s3/object" "http://127.0.0.1:$port/lpft/study/files/$digest"
    echo "damaged: files/$digest"
}

study() {
    export GOMLX_BACKEND=go
    flags=(--profile smoke --tasks toy --seeds 1,2 --only table8 --backend go)
    start_server
    worker 0 plan "${flags[@]}" >"$s3/plan.jsonl" 2>"$s3/plan.log"
    local last
    last=$(tail -1 "$s3/plan.jsonl" | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
    level 0
    damage
    kill_after=2 level 1
    worker 1 job "$last" "${flags[@]}" >>"$s3/jobs.log" 2>&1
    worker 2 status "${flags[@]}" 2>/dev/null | tail -1
    worker laptop job "$last" "${flags[@]}" --report "$s3/report" 2>>"$s3/jobs.log"
    worker laptop store sync --verify
    worker google store sync --pull "gs://lpft/study?endpoint=http://127.0.0.1:$port&region=us-east-1"
    diff <(cd "$s3/home-laptop/store" && find run -name manifest.json | sort) <(cd "$s3/home-google/store" && find run -name manifest.json | sort)
    LPFT_HOME=$s3/single "$lpft" job "$last" "${flags[@]}" --needed --report "$s3/single-report" 2>>"$s3/jobs.log"
    "$lpft" compare --tolerance 0 "$s3/report" "$s3/single-report"
    for home in 0 1 2; do worker "$home" store log; done >"$s3/log.txt"
    local again refused
    again=$(awk '$3 == "computed" { print $7 }' "$s3/log.txt" | sort | uniq -d | wc -l)
    refused=$(awk '$3 == "refused" { print $7 }' "$s3/log.txt" | sort -u | wc -l)
    [ "$again" = "$refused" ] && [ "$refused" = 1 ] || { echo "FAIL: $again results computed twice, $refused refused; one each expected"; return 1; }
    awk '$1 == "job" && /requests so far/ { n++; for (i = 1; i <= NF; i++) if ($i == "requests") sum += $(i - 1) }
        END { printf "%d jobs through S3, %.0f requests each\n", n, sum / n }' "$s3/jobs.log"
    echo "the server was killed once; one damaged object was refused and made again; the numbers are those of one process"
}
