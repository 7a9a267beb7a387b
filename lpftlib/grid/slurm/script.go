package slurm

import (
	"fmt"
	"strings"
)

// Grace is how long before a job's time is up it is told, in seconds: enough to write a checkpoint.
const Grace = 120

// Requeue is the exit status of a job that was stopped and is to be started again.
const Requeue = 75

// script is what every task of every array runs, with the array's number as its argument: command, with %ID% for the job.
func script(dir string, command []string) string {
	var quoted []string
	for _, arg := range command {
		if arg == jobID {
			quoted = append(quoted, `"$id"`)
		} else {
			quoted = append(quoted, quote(arg))
		}
	}
	return fmt.Sprintf(`#!/bin/bash
# Written by lpft submit slurm. Does one job of the plan; its step gets the signals, and this script outlives it.
trap : TERM
dir=%s
task=$1-$SLURM_ARRAY_TASK_ID
id=$(awk -v task="$SLURM_ARRAY_TASK_ID" '$1 == task { print $2 }' "$dir/jobs-$1")
rm -f "$dir/$task.exit"
srun --ntasks=1 %s
status=$?
if [ "$status" = %d ]; then # stopped, its state is kept
	if [ "$(squeue -h -j "$SLURM_JOB_ID" -o %%T)" = RUNNING ]; then
		scontrol requeue "$SLURM_JOB_ID" && exit 0
	fi
fi
echo "$status" > "$dir/$task.exit"
exit "$status"
`, quote(dir), strings.Join(quoted, " "), Requeue)
}

// jobID stands for the job's id in a command.
const jobID = "%ID%"

// quote is text as one word of a shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// commandOf is the command that every job of the plan shares.
func commandOf(binary, id string, command []string, more []string) []string {
	out := []string{binary}
	for _, arg := range command[1:] {
		if arg == id {
			arg = jobID
		}
		out = append(out, arg)
	}
	return append(out, more...)
}
