# The study that goes through the cluster, and its troubles. Sourced by slurm.sh.

# A second task beside the built-in one, and the smoke profile with trainings long enough to be disturbed.
write_study() {
    python3 - "$work/grid" <<'PY'
import csv, json, pathlib, random, sys
out = pathlib.Path(sys.argv[1])
random.seed(7)
good, bad, things = "good fine fast bright".split(), "bad slow dull broken".split(), "lamp chair film phone cup road".split()
for split, n in (("train", 72), ("test", 48)):
    with open(out / f"{split}.csv", "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["text", "stars"])
        for i in range(n):
            words = random.sample(good if i % 2 else bad, 2) + [random.choice(things)]
            w.writerow([" ".join(words), "good" if i % 2 else "bad"])
(out / "reviews.json").write_text(json.dumps({"id": "reviews", "name": "Reviews", "classes": ["bad", "good"],
    "columns": {"a": "text", "label": "stars"}, "files": {"train": "train.csv", "test": "test.csv"}}))
smoke = json.loads(pathlib.Path("lpftlib/study/profiles/smoke.json").read_text())
smoke["about"] = "smoke with longer trainings"
smoke["epochs"] = 60  # with 20 all trainings had ended on a fast machine before one could be killed
(out / "grid.json").write_text(json.dumps(smoke))
PY
}

status() { LPFT_HOME=$work/grid/cluster "$lpft" status "${flags[@]}" "$@" 2>/dev/null; }
submit() { LPFT_HOME=$work/grid/cluster "$lpft" submit slurm "${flags[@]}" --partition main --keep heads -- --time=30 2>"$work/grid/submit.err" || { cat "$work/grid/submit.err"; return 1; }; }
summary() { status | tail -1; }

# trainings are the running tasks that train, as ARRAY_INDEX and the job's id, first the longest at work.
trainings() {
    squeue -h -p main -t R --array -S M -o '%F %K %j' | while read -r array index name; do
        list=$work/grid/cluster/slurm/$(sed 's/^lpft-\(.*\)-\([0-9]*\)$/\1\/jobs-\2/' <<<"$name")
        id=$(awk -v i="$index" '$1 == i { print $2 }' "$list")
        grep -q "\"id\":\"$id\",\"kind\":\"training\"" "$work/grid/plan.jsonl" && echo "${array}_$index $id"
    done || true
}

# until_training waits until a training has been at work for some seconds, and prints its task and job.
until_training() {
    for _ in $(seq 600); do
        [ -n "$(squeue -h)" ] || { echo "FAIL: everything has ended before a training could be disturbed" >&2; return 1; }
        task=$(trainings | sed -n 1p)
        if [ -n "$task" ]; then
            sleep 3
            trainings | grep -x "$task" && return
        fi
        sleep 0.5
    done
    squeue >&2
    echo "FAIL: no training runs" >&2
    return 1
}

# until_saved waits until the controller has written down all that runs. One that is killed before knows nothing of a job that
# its node still runs, starts it again, and drains the node for having it twice.
until_saved() {
    for _ in $(seq 120); do
        newest=$(squeue -h --array -t R -o %S | sort | tail -1)
        [ -n "$newest" ] && [ "$(stat -c %Y "$slurm/state/job_state")" -gt "$(date -d "$newest" +%s)" ] && return
        sleep 0.5
    done
    echo "FAIL: the controller does not save what runs"
    return 1
}

# until_gone TASK waits until a task is out of the queue.
until_gone() {
    for _ in $(seq 120); do
        squeue -h --array -o '%F_%K' | grep -x "$1" >/dev/null || return 0
        sleep 0.5
    done
    echo "FAIL: $1 is still queued"
    return 1
}

# until_empty waits until nothing is queued.
until_empty() {
    for _ in $(seq 1200); do
        [ -z "$(squeue -h)" ] && return
        sleep 1
    done
    squeue
    echo "FAIL: the queue does not empty"
    return 1
}

# preempt lets an urgent job take the node from a training.
preempt() {
    until_training >/dev/null
    sbatch --parsable --partition urgent --exclusive --time=5 --output=/dev/null --wrap 'sleep 1' >"$work/grid/urgent"
    for _ in $(seq 120); do
        [ "$(squeue -h -j "$(cat "$work/grid/urgent")" -o %T 2>/dev/null)" = PENDING ] || break
        sleep 0.5
    done
    echo "preempted:$(squeue -h --array -o '%T %r' | sort | uniq -c | tr -s ' ' | tr '\n' ';')"
}

# checkpoints: a training that was stopped has left one.
checkpoints() { find "$work/grid/cluster/store/.resume" -name 'checkpoint-*.json' 2>/dev/null | grep . >/dev/null; }

study() {
    export GOMLX_BACKEND=go
    write_study
    flags=(--profile "$work/grid/grid.json" --tasks "toy,$work/grid/reviews.json" --seeds 1,2 --only table8,figure1,table2 --backend go)

    LPFT_HOME=$work/grid/cluster "$lpft" plan "${flags[@]}" >"$work/grid/plan.jsonl"
    jobs=$(wc -l <"$work/grid/plan.jsonl")
    [ "$jobs" -ge 20 ] || { echo "FAIL: $jobs jobs, at least 20 wanted"; return 1; }
    submit
    submit # at once: everything is in the queue already
    summary

    killed=
    for _ in $(seq 10); do # one that has just ended is killed by nobody
        read -r task job <<<"$(until_training)"
        pkill -9 -f "^$lpft job $job " && killed=1 && break
    done
    [ -n "$killed" ] || { echo "FAIL: no training could be killed"; return 1; }
    until_gone "$task"
    echo "killed: task $task; $(summary)"

    until_training >/dev/null
    scontrol update NodeName="$(hostname -s)" State=DRAIN Reason=test
    for _ in $(seq 300); do [ "$(sinfo -h -p main -o %T)" = drained ] && break; sleep 1; done
    echo "node $(sinfo -h -p main -o %T), with $(squeue -h --array -t R | wc -l) tasks running; $(summary)"
    scontrol update NodeName="$(hostname -s)" State=RESUME

    until_training >/dev/null
    until_saved
    kill -9 "$(cat "$slurm/slurmctld.pid")"
    sleep 3
    start_controller
    for _ in $(seq 60); do squeue -h >/dev/null 2>&1 && break; sleep 1; done
    echo "controller killed and started again; $(summary)"

    # A training that was about to end or has hardly begun leaves no checkpoint to go on from: others are preempted until one does.
    for _ in $(seq 6); do
        preempt
        if checkpoints; then break; fi
    done

    until_empty
    summary
    submit # what the killed job took out of the queue
    until_empty
    status --jobs
    check
}

# check: everything is done, as one process does it, and nothing twice.
check() {
    case $(summary) in
        "$jobs of $jobs done") ;;
        *) echo "FAIL: $(summary)"; return 1 ;;
    esac
    report=$(python3 -c 'import json, sys; print([j["id"] for j in map(json.loads, sys.stdin) if j["kind"] == "report"][0])' <"$work/grid/plan.jsonl")
    LPFT_HOME=$work/grid/cluster "$lpft" job "$report" "${flags[@]}" --report "$work/grid/report-cluster" 2>/dev/null
    LPFT_HOME=$work/grid/single "$lpft" job "$report" "${flags[@]}" --needed --report "$work/grid/report-single" 2>/dev/null
    "$lpft" compare --tolerance 0 "$work/grid/report-cluster" "$work/grid/report-single"
    LPFT_HOME=$work/grid/cluster "$lpft" store verify --quiet
    LPFT_HOME=$work/grid/cluster "$lpft" store log >"$work/grid/log.txt"
    awk '$3 == "computed" { print $7 }' "$work/grid/log.txt" | sort | uniq -c | awk '$1 > 1' >"$work/grid/twice"
    if [ -s "$work/grid/twice" ]; then
        echo "FAIL: computed twice:"
        cat "$work/grid/twice"
        return 1
    fi
    grep -q ' resumed ' "$work/grid/log.txt" || { echo "FAIL: no training went on from a checkpoint"; return 1; }
    echo "$jobs jobs through Slurm: $(grep -c ' computed ' "$work/grid/log.txt") results, each computed once, $(grep -c ' resumed ' "$work/grid/log.txt") resumed; the numbers are those of one process"
}
