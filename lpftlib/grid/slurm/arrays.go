package slurm

import (
	"slices"
	"strings"

	"lpft/lpftlib/grid"
)

// Array is a job array: jobs that wait for the same jobs.
type Array struct {
	Jobs  []grid.Job
	Index []int    // of each job's task
	Needs []string // ids of jobs that all of them wait for
	GPU   bool

	// Pairs is the number of the array each of whose tasks the task of the same index waits for; -1: none.
	Pairs int
}

// maxArray is how many tasks an array may have where the administrator has changed nothing.
const maxArray = 1000

// Arrays makes arrays of those jobs that are to be sent, each after those that it waits for. Jobs that are done need no
// waiting for.
func Arrays(jobs []grid.Job, send func(grid.Job) bool) []Array {
	done := map[string]bool{}
	for _, j := range jobs {
		done[j.ID] = j.Done
	}
	var out []Array
	open := map[string]int{} // the array that further jobs of the same sort go into
	for _, j := range jobs {
		if !send(j) {
			continue
		}
		needs := slices.DeleteFunc(slices.Clone(j.Needs), func(id string) bool { return done[id] })
		slices.Sort(needs)
		sort := strings.Join(needs, " ")
		if j.GPU {
			sort += " gpu"
		}
		n, known := open[sort]
		if !known || len(out[n].Jobs) == maxArray {
			n = len(out)
			open[sort] = n
			out = append(out, Array{Needs: needs, GPU: j.GPU, Pairs: -1})
		}
		out[n].Index = append(out[n].Index, len(out[n].Jobs))
		out[n].Jobs = append(out[n].Jobs, j)
	}
	return paired(out)
}

// paired joins arrays of one job that waits for one task of a larger array: several of them are one array whose tasks wait
// for the tasks of the same index.
func paired(arrays []Array) []Array {
	type place struct{ array, index int }
	at := map[string]place{}
	var out []Array
	joined := map[place]int{} // by the array waited for, and 1 for a GPU
	for _, a := range arrays {
		on, known := place{}, false
		if len(a.Jobs) == 1 && len(a.Needs) == 1 {
			on, known = at[a.Needs[0]]
			known = known && len(out[on.array].Jobs) > 1
		}
		if !known {
			for i, j := range a.Jobs {
				at[j.ID] = place{len(out), a.Index[i]}
			}
			out = append(out, a)
			continue
		}
		gpu := 0
		if a.GPU {
			gpu = 1
		}
		n, there := joined[place{on.array, gpu}]
		if !there {
			n = len(out)
			joined[place{on.array, gpu}] = n
			out = append(out, Array{GPU: a.GPU, Pairs: on.array})
		}
		if slices.Contains(out[n].Index, on.index) { // another job waits for the same task
			at[a.Jobs[0].ID] = place{len(out), 0}
			out = append(out, a)
			continue
		}
		out[n].Jobs, out[n].Index = append(out[n].Jobs, a.Jobs[0]), append(out[n].Index, on.index)
		at[a.Jobs[0].ID] = place{n, on.index}
	}
	return out
}
