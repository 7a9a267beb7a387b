package slurm

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// prefix begins the name of every array.
const prefix = "lpft-"

// Task is a job's task in the queue.
type Task struct {
	ID    string // Slurm's: ARRAY_INDEX
	State string // PENDING, RUNNING, …
	Why   string // it waits, or where it runs
}

// readQueue reads squeue and finds out which jobs of plans its tasks are; empty where there is no Slurm.
func readQueue(ctx context.Context, dir string) (map[string]Task, error) {
	tasks := map[string]Task{}
	if _, err := exec.LookPath("squeue"); err != nil {
		return tasks, nil
	}
	out, err := output(ctx, "squeue", "--noheader", "--array", "--me", "--format=%F|%K|%T|%j|%R")
	if err != nil {
		return nil, err
	}
	lists := map[string]map[int]string{}
	for line := range strings.Lines(out) {
		fields := strings.SplitN(strings.TrimSpace(line), "|", 5)
		if len(fields) != 5 {
			continue
		}
		index, err := strconv.Atoi(fields[1])
		if err != nil {
			continue // no task of an array
		}
		list, known := lists[fields[3]]
		if !known {
			list = jobsOf(dir, fields[3])
			lists[fields[3]] = list
		}
		if id := list[index]; id != "" {
			tasks[id] = Task{fields[0] + "_" + fields[1], fields[2], fields[4]}
		}
	}
	return tasks, nil
}

// jobsOf are the jobs of an array that was sent from dir, by index; none for another's array.
func jobsOf(dir, array string) map[int]string {
	name, ok := strings.CutPrefix(array, prefix)
	cut := strings.LastIndexByte(name, '-')
	if !ok || cut < 0 || !filepath.IsLocal(name) {
		return nil
	}
	f, err := os.Open(filepath.Join(dir, name[:cut], "jobs-"+name[cut+1:]))
	if err != nil {
		return nil
	}
	defer f.Close()
	out := map[int]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var index int
		var id string
		if _, err := fmt.Sscan(lines.Text(), &index, &id); err == nil {
			out[index] = id
		}
	}
	return out
}

// Ended is how a job's last attempt ended without its result.
type Ended struct {
	Why string // "exit status 1", or Slurm's word: TIMEOUT, NODE_FAIL, …
	Log string
}

// States are what Slurm knows of a plan's jobs, by id.
type States struct {
	Queued map[string]Task
	Ended  map[string]Ended
	Silent error // why squeue does not answer
}

// Read asks squeue and, for tasks that never came to their end, sacct. Without Slurm, and where its controller does not
// answer, nothing is queued, and what scripts have noted is what there is.
func Read(ctx context.Context, dir string) *States {
	s := &States{Ended: map[string]Ended{}}
	s.Queued, s.Silent = readQueue(ctx, dir)
	accounted := readAccounts(ctx)
	submissions, _ := os.ReadDir(dir) // none: nothing was sent
	for _, sub := range submissions { // in the order of time
		lists, _ := filepath.Glob(filepath.Join(dir, sub.Name(), "jobs-*"))
		for _, list := range lists {
			n := strings.TrimPrefix(filepath.Base(list), "jobs-")
			for index, id := range jobsOf(dir, prefix+sub.Name()+"-"+n) {
				s.ended(dir, sub.Name(), n, index, id, accounted)
			}
		}
	}
	return s
}

// ended notes how a task ended, if it did.
func (s *States) ended(dir, sub, n string, index int, id string, accounted map[string]string) {
	delete(s.Ended, id) // of an earlier submission
	base := filepath.Join(dir, sub, fmt.Sprintf("%s-%d", n, index))
	if status, err := os.ReadFile(base + ".exit"); err == nil {
		s.Ended[id] = Ended{"exit status " + strings.TrimSpace(string(status)), base + ".log"}
		return
	}
	state := accounted[fmt.Sprintf("%s%s-%s_%d", prefix, sub, n, index)]
	if slices.Contains([]string{"FAILED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "CANCELLED", "DEADLINE", "BOOT_FAIL"}, state) {
		s.Ended[id] = Ended{state, base + ".log"}
	}
}

// readAccounts are the states that sacct has, by the array's name and the index; none where accounting is off.
func readAccounts(ctx context.Context) map[string]string {
	states := map[string]string{}
	if _, err := exec.LookPath("sacct"); err != nil {
		return states
	}
	out, err := output(ctx, "sacct", "--noheader", "--parsable2", "--allocations", "--starttime=now-30days", "--format=JobID,JobName%100,State")
	if err != nil {
		return states // accounting is off: the scripts' own notes are what there is
	}
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != 3 {
			continue
		}
		_, index, _ := strings.Cut(fields[0], "_")
		state, _, _ := strings.Cut(fields[2], " ") // "CANCELLED by 1000"
		states[fields[1]+"_"+index] = state
	}
	return states
}
