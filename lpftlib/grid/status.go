package grid

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// State is how far a job is.
type State string

// The states.
const (
	Done    State = "done"    // all of it is in the store
	Running State = "running" // a process works on it
	Queued  State = "queued"  // a scheduler has it
	Failed  State = "failed"  // its last attempt ended without its result
	Left    State = "left"    // nobody has it
)

// Standing is a job with its state.
type Standing struct {
	Job
	State State
	Note  string // where it runs, why it waits, how it failed
}

// Count is how many jobs are in each state.
func Count(all []Standing) map[State]int {
	counts := map[State]int{}
	for _, s := range all {
		counts[s.State]++
	}
	return counts
}

// Summary is one line: "23 of 60 done, 4 running, 2 failed: LP-FT cb, seed 1001 (exit status 1), …".
func Summary(all []Standing) string {
	counts := Count(all)
	parts := []string{fmt.Sprintf("%d of %d done", counts[Done], len(all))}
	for _, state := range []State{Running, Queued, Left, Failed} {
		if counts[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	text := strings.Join(parts, ", ")
	if counts[Failed] == 0 {
		return text
	}
	const most = 5
	var names []string
	for _, s := range all {
		if s.State == Failed && len(names) < most {
			names = append(names, fmt.Sprintf("%s (%s)", s.Label, s.Note))
		}
	}
	if counts[Failed] > most {
		names = append(names, "…")
	}
	return text + ": " + strings.Join(names, ", ")
}

// ByKind is a table of counts: a row for each kind of job, in the order of the plan.
func ByKind(all []Standing) (kinds []string, counts map[string]map[State]int) {
	counts = map[string]map[State]int{}
	level := map[string]int{}
	for _, s := range all {
		if counts[s.Kind] == nil {
			counts[s.Kind] = map[State]int{}
			kinds = append(kinds, s.Kind)
			level[s.Kind] = s.Level
		}
		counts[s.Kind][s.State]++
	}
	slices.SortStableFunc(kinds, func(a, b string) int { return cmp.Compare(level[a], level[b]) })
	return kinds, counts
}
