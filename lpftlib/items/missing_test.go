package items

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// A cell says what it is about to compute and which command makes it, and nothing once it is there.
func TestMissingRunsAreAnnounced(t *testing.T) {
	s := toyIn(t, t.TempDir(), 1)
	item, err := ByID("table8")
	require.NoError(t, err)
	text, err := Announce(t.Context(), s, item)
	require.NoError(t, err)
	require.Regexp(t, `^(\d+) of \d+ steps are not there yet: about \S+s here\. The same without a notebook: `, text)
	require.Contains(t, text, "lpft reproduce --profile smoke --tasks toy --seeds 1 --only table8")
	state, err := StateOf(t.Context(), s, item)
	require.NoError(t, err)
	require.Contains(t, state.String(), "steps to compute: lpft reproduce --profile smoke --tasks toy --seeds 1 --only table8")

	_, err = item.Build(t.Context(), s, nil)
	require.NoError(t, err)
	text, err = Announce(t.Context(), s, item)
	require.NoError(t, err)
	require.Empty(t, text)
	state, err = StateOf(t.Context(), s, item)
	require.NoError(t, err)
	require.Equal(t, "cached", state.String())

	item, err = ByID("table7")
	require.NoError(t, err)
	text, err = Announce(t.Context(), s, item)
	require.NoError(t, err)
	require.Empty(t, text, "has no runs")
}

// Where a cluster's results are read, an item that lacks some says how many runs are there and what has the cluster make the
// rest, and computes nothing; once all are there it is built from them, although the engine is none of this machine's.
func TestItemOfAClustersStore(t *testing.T) {
	cluster := toyIn(t, t.TempDir(), 1)
	bucket := "file://" + filepath.ToSlash(t.TempDir())
	item, err := ByID("table8")
	require.NoError(t, err)
	steps, err := item.Needs(t.Context(), cluster)
	require.NoError(t, err)
	runs := 0
	for _, step := range steps {
		if step.Step.Kind == "run" {
			runs++
		}
	}
	for _, step := range steps {
		require.NoError(t, step.Do(t.Context()))
		if step.Step.Kind == "run" {
			break
		}
	}
	be, err := cluster.Backend()
	require.NoError(t, err)

	reader := func(home string) *session.Session {
		s, err := session.Open(t.Context(), session.Options{Profile: "smoke", Tasks: []string{"toy"}, Seeds: []uint64{1}, Home: home, Offline: true,
			Backend: be.Arithmetic(), Remote: bucket, Reads: true, Say: func(string) {},
			Open: func(string) (*backend.Backend, error) { return nil, backend.ErrNoCard }})
		require.NoError(t, err)
		return s
	}
	home := t.TempDir()
	s := reader(home)
	_, err = s.Remote().Sync(t.Context(), cluster.Store, true, false)
	require.NoError(t, err)
	submit := "missing: lpft submit slurm --profile smoke --tasks toy --seeds 1 --backend " + be.Arithmetic() + " --only table8"
	says := fmt.Sprintf("1 of %d runs are there; %s", runs, submit)
	built, err := item.Build(t.Context(), s, nil)
	require.NoError(t, err)
	require.Equal(t, says, built.Missing)
	state, err := StateOf(t.Context(), s, item)
	require.NoError(t, err)
	require.Equal(t, says, state.String())
	text, err := Announce(t.Context(), s, item)
	require.NoError(t, err)
	require.Empty(t, text, "nothing is about to be computed")
	_, err = s.Train(t.Context(), study.Spec{Task: "toy", Method: study.FT, Seed: 7})
	require.ErrorContains(t, err, "is not there, and results are only read here")

	_, err = item.Build(t.Context(), cluster, nil)
	require.NoError(t, err)
	_, err = s.Remote().Sync(t.Context(), cluster.Store, true, false)
	require.NoError(t, err)
	built, err = item.Build(t.Context(), reader(home), nil)
	require.NoError(t, err)
	require.Empty(t, built.Missing)
	require.NotEmpty(t, built.Tables)
	events, err := s.Store.Log()
	require.NoError(t, err)
	require.NotEmpty(t, events)
	for _, e := range events {
		require.Contains(t, []string{store.Pulled, store.Reused}, e.What)
		require.NotEqual(t, "features", e.Kind, "what the cell does not show stays where it is")
	}
}
