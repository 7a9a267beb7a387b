package session

import (
	"lpft/lpftlib/study"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/store"
)

// planned finds a step of a kind.
func planned(t *testing.T, steps []Planned, kind string) Planned {
	t.Helper()
	for _, s := range steps {
		if s.Step.Kind == kind && (kind != "features" || s.Unit.Kind == TrainingUnit) {
			return s
		}
	}
	require.Fail(t, "no step of the kind "+kind)
	return Planned{}
}

// plans plans FT on the toy task, measured on some test sets.
func plans(t *testing.T, s *Session, sets ...string) []Planned {
	t.Helper()
	steps, err := s.Plan(t.Context(), []study.Spec{{Task: "toy", Method: study.FT, Seed: 1}}, func(study.Spec) ([]string, error) { return sets, nil })
	require.NoError(t, err)
	return steps
}

// Without its weights a run is still a run: its measures, head and course are found and nothing is planned or computed for
// them. What needs the weights after all trains again, which the plan says before it happens, and comes to the same numbers.
func TestRunsWithoutWeights(t *testing.T) {
	s := open(t, t.TempDir(), 1)
	run := study.Spec{Task: "toy", Method: study.FT, Seed: 1}
	first, err := s.Measure(t.Context(), run)
	require.NoError(t, err)
	freed := map[Keep]int64{}
	for _, keep := range []Keep{KeepAll, KeepHeads, KeepNone} {
		for _, step := range plans(t, s, "toy") {
			n, err := s.Shed(step, keep)
			require.NoError(t, err)
			freed[keep] += n
		}
	}
	require.Zero(t, freed[KeepAll])
	require.Positive(t, freed[KeepHeads], "the model")
	require.Positive(t, freed[KeepNone], "its features")
	steps := plans(t, s, "toy")
	for _, step := range steps {
		require.True(t, step.Cached, step.Step.Label)
	}
	require.True(t, planned(t, steps, "finetune").Light)
	require.True(t, planned(t, steps, "features").Light)
	log, err := s.Store.Log()
	require.NoError(t, err)
	again, err := s.Measure(t.Context(), run)
	require.NoError(t, err)
	require.Equal(t, first, again)
	trained, err := s.Train(t.Context(), run)
	require.NoError(t, err)
	require.NotEmpty(t, trained.Course.Points)
	require.NotContains(t, events(t, s, len(log)), "finetune "+store.Computed)

	steps = plans(t, s, "toy", "toy-ood")
	require.False(t, planned(t, steps, "finetune").Cached, "the shifted set needs the model")
	_, err = s.MeasureOn(t.Context(), run, "toy-ood", "test")
	require.NoError(t, err)
	require.Equal(t, 1, events(t, s, len(log))["finetune "+store.Computed])
	other, err := s.Train(t.Context(), run)
	require.NoError(t, err)
	require.Equal(t, trained.Head, other.Head)
	require.True(t, planned(t, plans(t, s, "toy"), "finetune").Cached)
	require.False(t, planned(t, plans(t, s, "toy"), "finetune").Light)
}

// Adapters are small: they stay with the heads.
func TestKeepHeadsKeepsAdapters(t *testing.T) {
	s := open(t, t.TempDir(), 1)
	steps, err := s.Plan(t.Context(), []study.Spec{{Task: "toy", Method: study.LoRA, Seed: 1}}, func(study.Spec) ([]string, error) { return []string{"toy"}, nil })
	require.NoError(t, err)
	adapter := planned(t, steps, "finetune")
	require.Equal(t, adapter.Disk, KeepHeads.Left(adapter))
	require.Zero(t, KeepNone.Left(adapter))
	_, err = ParseKeep("some")
	require.ErrorContains(t, err, "all, heads and none")
}

// A step whose result lacks dropped files is to be made where something that is to be made reads it, and so are those that
// it reads in turn.
func TestJoin(t *testing.T) {
	chain := func(runCached bool) []Planned {
		return []Planned{{Key: "train", Cached: true, Light: true}, {Key: "features", Cached: true, Light: true, Needs: []string{"train"}},
			{Key: "run", Cached: runCached, Needs: []string{"features"}}}
	}
	cached := func(steps []Planned) (out []bool) {
		for _, s := range steps {
			out = append(out, s.Cached)
		}
		return out
	}
	require.Equal(t, []bool{true, true, true}, cached(Join(chain(true))))
	require.Equal(t, []bool{false, false, false}, cached(Join(chain(false))))
	require.Equal(t, []bool{false, false, true, false}, cached(Join(chain(true), []Planned{{Key: "other", Needs: []string{"features"}}})))
	require.Len(t, Join(chain(true), chain(false)), 3)
}
