package command

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/grid"
	"lpft/lpftlib/store"
)

// small are the flags of a small study: one table on the built-in task.
var small = []string{"--profile", "smoke", "--tasks", "toy", "--seeds", "1", "--only", "table8", "--backend", "go"}

// jobsOf are the jobs that lpft plan prints.
func jobsOf(t *testing.T, out string) (jobs []grid.Job) {
	t.Helper()
	for line := range strings.Lines(out) {
		var j grid.Job
		require.NoError(t, json.Unmarshal([]byte(line), &j))
		jobs = append(jobs, j)
	}
	return jobs
}

// with is a command with the small study's flags.
func with(command ...string) []string { return append(command, small...) }

// A plan is the same twice and computes nothing; its jobs, one after the other by their own commands, leave nothing to do,
// compute everything once, and make the report that one process makes by itself. A job that comes too early names what it
// needs, and one that is unknown is refused with a status of its own.
func TestPlanAndJobs(t *testing.T) {
	inHome(t)
	out, err := lpft(t, "", with("plan")...)
	require.NoError(t, err)
	again, err := lpft(t, "", with("plan")...)
	require.NoError(t, err)
	require.Equal(t, out, again)
	jobs := jobsOf(t, out)
	require.Len(t, jobs, 1+4+1, "features, four trainings, the report")
	events := storeLog(t)
	require.Empty(t, events, "planning computes nothing")

	last := jobs[len(jobs)-1]
	require.Equal(t, reportKind, last.Kind)
	require.Len(t, grid.WithNeeded(jobs, last), len(jobs))
	_, err = lpft(t, "", last.Command[1:]...)
	require.ErrorContains(t, err, "first: lpft job "+jobs[0].ID)
	require.Equal(t, exitNeeds, exitStatus(err))
	_, err = lpft(t, "", with("job", "0123456789ab")...)
	require.ErrorContains(t, err, `"0123456789ab" is none of the`)
	require.Equal(t, exitRequest, exitStatus(err))

	page := filepath.Join(t.TempDir(), "report")
	for i, job := range jobs {
		args := append(job.Command[1:], "--keep", "heads")
		if job.Kind == reportKind {
			args = append(args, "--report", page)
		}
		_, err := lpft(t, "", args...)
		require.NoError(t, err, job.Label)
		out, err := lpft(t, "", with("status")...)
		require.NoError(t, err)
		require.Contains(t, out, grid.Summary(standing(jobs, i+1)))
	}
	computed := map[string]int{}
	dropped := 0
	for _, e := range storeLog(t) {
		switch e.What {
		case store.Computed:
			computed[e.Key]++
		case store.Dropped:
			dropped++
		}
	}
	for key, n := range computed {
		require.Equal(t, 1, n, key)
	}
	require.Equal(t, 2, dropped, "the models of FT and LP-FT; adapters stay")
	out, err = lpft(t, "", with("plan", "--simulate", "1,4")...)
	require.NoError(t, err)
	require.Contains(t, out, "6 jobs, 6 of them done")
	out, err = lpft(t, "", "store", "verify", "--quiet")
	require.NoError(t, err)
	require.Contains(t, out, "0 damaged; 0 leftovers")

	inHome(t) // another one
	other := filepath.Join(t.TempDir(), "report")
	_, err = lpft(t, "", with("job", last.ID, "--needed", "--report", other)...)
	require.NoError(t, err)
	out, err = lpft(t, "", "compare", "--tolerance", "0", page, other)
	require.NoError(t, err, out)
}

// standing is a plan whose first n jobs are done.
func standing(jobs []grid.Job, n int) []grid.Standing {
	var all []grid.Standing
	for i, j := range jobs {
		s := grid.Standing{Job: j, State: grid.Left}
		if i < n {
			s.State = grid.Done
		}
		all = append(all, s)
	}
	return all
}

func storeLog(t *testing.T) []store.Event {
	t.Helper()
	st, err := openStore()
	require.NoError(t, err)
	events, err := st.Log()
	require.NoError(t, err)
	return events
}

// Planning for a card takes none, and the estimate names its rate.
func TestPlanForACard(t *testing.T) {
	inHome(t)
	args := []string{"plan", "--profile", "smoke", "--tasks", "toy", "--backend", "xla:cuda"}
	out, err := lpft(t, "", args...)
	require.NoError(t, err)
	for _, j := range jobsOf(t, out) {
		require.Contains(t, strings.Join(j.Command, " "), "--backend xla:cuda")
	}
	out, err = lpft(t, "", append(args, "--simulate", "1,8", "--rate", "1000")...)
	require.NoError(t, err)
	require.Contains(t, out, "at 1000 tokens a second (--rate)")
	require.Contains(t, out, "with --keep none")
	_, err = lpft(t, "", append(args, "--simulate", "0")...)
	require.ErrorContains(t, err, "--simulate 0")
}

// Where there is no Slurm, sending says so; a dry run works.
func TestSubmitWithoutSlurm(t *testing.T) {
	inHome(t)
	t.Setenv("PATH", t.TempDir())
	_, err := lpft(t, "", with("submit", "slurm")...)
	require.ErrorContains(t, err, "no sbatch found")
	out, err := lpft(t, "", with("submit", "slurm", "--dry-run")...)
	require.NoError(t, err)
	require.Contains(t, out, "to send: 6 jobs in ")
	out, err = lpft(t, "", with("submit", "kubernetes", "--image", "lpft:1", "--dry-run")...)
	require.NoError(t, err)
	require.Contains(t, out, "completionMode: Indexed")
	_, err = lpft(t, "", with("submit", "kubernetes", "--image", "lpft:1")...)
	require.ErrorContains(t, err, "no kubectl found")
}

// A signal's exit status is told apart from others, whatever else went wrong meanwhile.
func TestExitStatus(t *testing.T) {
	require.Equal(t, 1, exitStatus(errors.New("any")))
	require.Equal(t, exitStopped, exitStatus(exitError{exitError{errors.New("any"), exitNeeds}, exitStopped}))
}
