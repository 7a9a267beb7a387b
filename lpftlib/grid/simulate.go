package grid

import (
	"container/heap"
	"slices"
)

// Estimate is how long what is left of a plan takes on so many devices, in seconds, and what no number of devices, no
// schedule and no disk can get below.
type Estimate struct {
	Devices  int
	Makespan float64 // by list scheduling: of the jobs that may start, the one with the longest way to the end goes first
	Work     float64 // all jobs' seconds, shared evenly
	Chain    float64 // the longest chain of jobs that need each other
	Longest  float64 // the longest job
	IO       float64 // all bytes read and written at the store's rate, which the devices share
}

// Bound names the largest of what the makespan cannot get below.
func (e Estimate) Bound() string {
	switch {
	case e.IO >= max(e.Work, e.Chain):
		return "I/O"
	case e.Work >= e.Chain:
		return "work"
	}
	return "longest chain"
}

// Simulate estimates how long the jobs that are not done take on each number of devices. diskRate is what the store reads
// and writes, in bytes a second.
func Simulate(jobs []Job, devices []int, diskRate float64) []Estimate {
	g := newGraph(jobs)
	out := make([]Estimate, 0, len(devices))
	for _, n := range devices {
		e := Estimate{Devices: n, Makespan: g.makespan(n)}
		bytes := int64(0)
		for _, j := range g.jobs {
			e.Work += j.Seconds / float64(n)
			e.Longest = max(e.Longest, j.Seconds)
			bytes += j.BytesIn + j.BytesOut
		}
		for _, rest := range g.rest {
			e.Chain = max(e.Chain, rest)
		}
		e.IO = float64(bytes) / diskRate
		e.Makespan = max(e.Makespan, e.IO)
		out = append(out, e)
	}
	return out
}

// LongestChain are the jobs of the longest chain, in their order.
func LongestChain(jobs []Job) []Job {
	g := newGraph(jobs)
	var chain []Job
	next := -1
	for i := range g.jobs {
		if g.waits[i] == 0 && (next < 0 || g.rest[i] > g.rest[next]) {
			next = i
		}
	}
	for next >= 0 {
		chain = append(chain, g.jobs[next])
		after := -1
		for _, k := range g.after[next] {
			if after < 0 || g.rest[k] > g.rest[after] {
				after = k
			}
		}
		next = after
	}
	return chain
}

// graph are the jobs that are not done, in the order of the plan, which is one of levels.
type graph struct {
	jobs  []Job
	after [][]int   // who needs a job
	waits []int     // how many a job needs
	rest  []float64 // the longest way from a job's start to the end of all, in seconds
}

func newGraph(jobs []Job) *graph {
	g := &graph{}
	at := map[string]int{}
	for _, j := range jobs {
		if !j.Done {
			at[j.ID] = len(g.jobs)
			g.jobs = append(g.jobs, j)
		}
	}
	g.after, g.waits, g.rest = make([][]int, len(g.jobs)), make([]int, len(g.jobs)), make([]float64, len(g.jobs))
	for i, j := range g.jobs {
		for _, id := range j.Needs {
			if k, left := at[id]; left {
				g.after[k] = append(g.after[k], i)
				g.waits[i]++
			}
		}
	}
	for i := len(g.jobs) - 1; i >= 0; i-- { // who needs a job lies behind it
		for _, k := range g.after[i] {
			g.rest[i] = max(g.rest[i], g.rest[k])
		}
		g.rest[i] += g.jobs[i].Seconds
	}
	return g
}

// makespan schedules the jobs.
func (g *graph) makespan(devices int) float64 {
	waits := slices.Clone(g.waits)
	ready := &queue{less: func(a, b int) bool { return g.rest[a] > g.rest[b] || g.rest[a] == g.rest[b] && a < b }}
	for i, n := range waits {
		if n == 0 {
			heap.Push(ready, i)
		}
	}
	ends := make([]float64, len(g.jobs))
	running := &queue{less: func(a, b int) bool { return ends[a] < ends[b] || ends[a] == ends[b] && a < b }}
	now := 0.0
	for ready.Len() > 0 || running.Len() > 0 {
		for ready.Len() > 0 && running.Len() < devices {
			i := heap.Pop(ready).(int)
			ends[i] = now + g.jobs[i].Seconds
			heap.Push(running, i)
		}
		i := heap.Pop(running).(int)
		now = ends[i]
		for _, k := range g.after[i] {
			if waits[k]--; waits[k] == 0 {
				heap.Push(ready, k)
			}
		}
	}
	return now
}

// queue is a heap of job numbers.
type queue struct {
	items []int
	less  func(a, b int) bool
}

func (q *queue) Len() int           { return len(q.items) }
func (q *queue) Less(i, j int) bool { return q.less(q.items[i], q.items[j]) }
func (q *queue) Swap(i, j int)      { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *queue) Push(x any)         { q.items = append(q.items, x.(int)) }
func (q *queue) Pop() any {
	last := q.items[len(q.items)-1]
	q.items = q.items[:len(q.items)-1]
	return last
}
