#!/usr/bin/env bash
# A real Slurm on this machine, for as long as the script runs: .ci/slurm.sh WORK, with $WORK/lpft built. A study of two
# tasks and two seeds goes through it while a job is killed, others are preempted, the node is drained and resumed, and the
# controller is killed and started again. All of it must complete, with the numbers of a single process, and nothing may be
# computed twice. Needs root and Debian's packages, which it installs; without them it says SKIPPED.
set -euo pipefail
work=$(mkdir -p "$1" && cd "$1" && pwd)
lpft=$work/lpft
here=$(cd "$(dirname "$0")" && pwd)
slurm=$work/slurm
rm -rf "$slurm" "$work/grid" && mkdir -p "$slurm/state" "$slurm/spool" "$work/grid"

if [ "$(id -u)" != 0 ]; then
    echo "SKIPPED: Slurm's daemons are started as root here"
    exit 0
fi
if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge; } \
        >"$work/apt.log" 2>&1 || { echo "SKIPPED: Slurm cannot be installed here: $(tail -1 "$work/apt.log")"; exit 0; }
fi

. "$here/slurm/cluster.sh" # start_cluster, start_controller, stop_cluster
trap stop_cluster EXIT
start_cluster

. "$here/slurm/study.sh" # the study, and what must be true of it in the end
study
