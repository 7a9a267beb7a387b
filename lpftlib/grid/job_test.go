package grid

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// key is a step's key that is easy to read.
func key(name string) string { return name + strings.Repeat("0", 64-len(name)) }

func options() Options {
	return Options{Rate: 100, Start: 1, ModelBytes: 1000,
		Command: func(id string) []string { return []string{"lpft", "job", id} },
		Label:   func(u Unit, _ []Step) string { return u.Kind + " " + u.Of }}
}

// study is a plan of two tasks: features and a probe each, trainings that start from the probes, one of them measured on
// the other task's rows too, and a report on everything.
func study(done ...string) []Step {
	features := func(task string) Unit { return Unit{"features", task} }
	training := func(name string) Unit { return Unit{"training", name} }
	steps := []Step{
		{Key: key("phi-a"), Unit: features("a"), Tokens: 1000, Bytes: 10},
		{Key: key("probe-a"), Unit: features("a"), Bytes: 1, Needs: []string{key("phi-a")}},
		{Key: key("train-a"), Unit: training("a"), Tokens: 5000, Bytes: 500, Needs: []string{key("probe-a")}},
		{Key: key("run-a"), Unit: training("a"), Bytes: 1, Needs: []string{key("train-a"), key("phi-a")}},
		{Key: key("phi-b"), Unit: features("b"), Tokens: 2000, Bytes: 20},
		{Key: key("run-ab"), Unit: training("a"), Bytes: 1, Needs: []string{key("train-a"), key("phi-b")}},
		{Key: key("probe-b"), Unit: features("b"), Bytes: 1, Needs: []string{key("phi-b")}},
		{Key: key("train-b"), Unit: training("b"), Tokens: 3000, Bytes: 500, Needs: []string{key("probe-b")}},
	}
	var all []string
	for i := range steps {
		all = append(all, steps[i].Key)
		for _, name := range done {
			steps[i].Done = steps[i].Done || steps[i].Key == key(name)
		}
	}
	return append(steps, Step{Key: key("report"), Unit: Unit{"report", ""}, Needs: all})
}

func byLabel(t *testing.T, jobs []Job) map[string]Job {
	t.Helper()
	out := map[string]Job{}
	for _, j := range jobs {
		out[j.Label] = j
	}
	require.Len(t, out, len(jobs))
	return out
}

// Steps of a unit are one job, named by its last step; jobs need those whose results their steps read, and come after
// them; tokens, seconds and bytes are of what is left.
func TestJobs(t *testing.T) {
	jobs, err := Jobs(study(), options())
	require.NoError(t, err)
	named := byLabel(t, jobs)
	require.Len(t, jobs, 5)
	a := named["training a"]
	require.Equal(t, key("run-ab")[:12], a.ID)
	require.Equal(t, []string{named["features a"].ID, named["features b"].ID}, a.Needs)
	require.Equal(t, []string{"lpft", "job", a.ID}, a.Command)
	require.Equal(t, []string{key("train-a"), key("run-a"), key("run-ab")}, a.Steps)
	require.InDelta(t, 5000.0/100+1, a.Seconds, 1e-12)
	require.EqualValues(t, 1+10+20+1000, a.BytesIn, "probe, both features, the model")
	require.EqualValues(t, 502, a.BytesOut)
	require.True(t, a.GPU)
	require.False(t, named["report "].GPU)
	require.Len(t, named["report "].Needs, 4)

	seen := map[string]bool{}
	for _, j := range jobs {
		for _, id := range j.Needs {
			require.True(t, seen[id], "%s comes before what it needs", j.Label)
		}
		seen[j.ID] = true
	}
	first, err := json.Marshal(jobs)
	require.NoError(t, err)
	again, err := Jobs(study(), options())
	require.NoError(t, err)
	second, err := json.Marshal(again)
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))
}

// What the store holds counts for nothing: a job of which all is there is done, one of which a part is there has less left.
func TestJobsOfAStudyUnderWay(t *testing.T) {
	jobs, err := Jobs(study("phi-a", "probe-a", "train-a"), options())
	require.NoError(t, err)
	named := byLabel(t, jobs)
	require.True(t, named["features a"].Done)
	require.Zero(t, named["features a"].Seconds)
	a := named["training a"]
	require.False(t, a.Done)
	require.Zero(t, a.Tokens)
	require.Equal(t, 1.0, a.Seconds)
	require.EqualValues(t, 2, a.BytesOut)
	require.True(t, a.GPU, "what is left may yet need it")

	var labels []string
	for _, j := range WithNeeded(jobs, a) {
		labels = append(labels, j.Label)
	}
	require.Equal(t, []string{"features b", "training a"}, labels)
}

// A plan that cannot be shared out says which part of it is wrong.
func TestJobsRefused(t *testing.T) {
	steps := study()
	_, err := Jobs(append(steps, steps[0]), options())
	require.ErrorContains(t, err, "planned twice")
	_, err = Jobs(steps[1:], options())
	require.ErrorContains(t, err, "which is not planned")
	steps = []Step{{Key: key("x"), Unit: Unit{"k", "x"}, Needs: []string{key("y")}}, {Key: key("y"), Unit: Unit{"k", "y"}, Needs: []string{key("x")}}}
	_, err = Jobs(steps, options())
	require.ErrorContains(t, err, "wait for each other: k x needs k y needs k x")
}

// many is a plan of n trainings on ten tasks.
func many(n int) []Step {
	var steps []Step
	var all []string
	for i := range 10 {
		phi := key(fmt.Sprintf("phi-%d-", i))
		steps = append(steps, Step{Key: phi, Unit: Unit{"features", fmt.Sprint(i)}, Tokens: 1e6})
	}
	for i := range n {
		unit, train, run := Unit{"training", fmt.Sprint(i)}, key(fmt.Sprintf("t%d-", i)), key(fmt.Sprintf("r%d-", i))
		steps = append(steps, Step{Key: train, Unit: unit, Tokens: float64(1e6 * (1 + i%7)), Needs: []string{key(fmt.Sprintf("phi-%d-", i%10))}},
			Step{Key: run, Unit: unit, Needs: []string{train}})
	}
	for _, s := range steps {
		all = append(all, s.Key)
	}
	return append(steps, Step{Key: key("report"), Unit: Unit{"report", ""}, Needs: all})
}

func BenchmarkJobs10000(b *testing.B) {
	steps := many(10_000)
	for b.Loop() {
		jobs, err := Jobs(steps, options())
		if err != nil {
			b.Fatal(err)
		}
		Simulate(jobs, []int{1, 8, 64}, 2e8)
	}
}
