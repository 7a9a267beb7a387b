package session

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// earlier puts into a store what an earlier version of the training left of a run: the training, and its measures in the
// same setting with another score.
func earlier(t *testing.T, s *Session, m study.Measures, score float64) (training, run *store.Artefact) {
	t.Helper()
	write := func(step store.Step, file string, v any) *store.Artefact {
		a, err := s.Store.Do(t.Context(), step, func(_ context.Context, w *store.Work) error { return w.WriteJSON(file, v) })
		require.NoError(t, err)
		return a
	}
	training = write(store.Step{Kind: "finetune", Version: finetuneVersion - 1, Inputs: map[string]any{"seed": m.Seed, "task": m.Task}, Label: m.Spec.String()}, "run.json", 1)
	m.Score = score
	run = write(store.Step{Kind: "run", Version: measuresVersion, Inputs: measuresInputs{Run: m.Spec, Setting: m.Setting, Split: m.Split, Head: training.Key, Features: "of it"}}, measuresFile, m)
	return training, run
}

// After a raised version of the training its runs lie twice in the store, in one setting: the newest counts, whatever the
// clock said, and the older ones are named.
func TestNewestRunCounts(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	spec := study.Spec{Task: "toy", Method: study.FT, Seed: 1001}
	now, err := s.Measure(t.Context(), spec)
	require.NoError(t, err)
	training, old := earlier(t, s, *now, 12) // measured later: a clock that was set back would make it the newer one
	rows, bad := Runs(s.Store)
	require.Len(t, rows, 1)
	require.Equal(t, now.Score, rows[0].Score)
	require.Len(t, bad, 1)
	require.ErrorContains(t, bad[0], "1 runs that newer ones in the same setting replace: lpft store log names them")
	averages, err := study.Averages(rows)
	require.NoError(t, err)
	require.Equal(t, []uint64{1001}, averages[0].Seeds)

	older := Older(s.Store)
	require.Contains(t, older[old.Key], "replaced by the run")
	require.Contains(t, older[training.Key], "version")
	require.Len(t, older, 2)

	// Of two by the same version the later counts.
	other := *now
	other.Score = 77
	_, err = s.Store.Do(t.Context(), store.Step{Kind: "run", Version: measuresVersion, Inputs: measuresInputs{Run: spec, Setting: now.Setting, Split: "test", Head: "gone", Features: "x"}},
		func(_ context.Context, w *store.Work) error {
			time.Sleep(10 * time.Millisecond)
			return w.WriteJSON(measuresFile, other)
		})
	require.NoError(t, err)
	rows, _ = Runs(s.Store)
	require.Len(t, rows, 1)
	require.Equal(t, now.Score, rows[0].Score, "its training is of the version that is known to be the latest")
}

// What is made from something older is older too; what nothing needs any more is named, and results never are.
func TestOlderAndUnneeded(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	now, err := s.Measure(t.Context(), study.Spec{Task: "toy", Method: study.LP, Seed: 1001})
	require.NoError(t, err)
	require.Empty(t, Older(s.Store))
	require.Empty(t, Unneeded(s.Store), "the probe and its features are needed")
	training, _ := earlier(t, s, *now, 1)
	layout, err := s.Store.Do(t.Context(), store.Step{Kind: "layout", Version: layoutVersion, Inputs: []any{map[string]string{"of": training.Key}}},
		func(_ context.Context, w *store.Work) error { return w.WriteJSON("x.json", 1) })
	require.NoError(t, err)
	require.Contains(t, Older(s.Store)[layout.Key], "made from "+training.Key[:12])
	alone, err := s.Store.Do(t.Context(), store.Step{Kind: "features", Version: featuresVersion, Inputs: "alone"},
		func(_ context.Context, w *store.Work) error { return w.WriteJSON("x.json", 1) })
	require.NoError(t, err)
	require.Len(t, Unneeded(s.Store), 1)
	require.NotEmpty(t, Unneeded(s.Store)[alone.Key])
}

// Many first starts at once make one whole tiny model.
func TestTinyModelIsMadeOnce(t *testing.T) {
	for range 5 {
		dir := t.TempDir() + "/models/tiny"
		failed := make(chan error, 8)
		for range 8 {
			go func() {
				_, err := tinyCheckpoint(dir)
				failed <- err
			}()
		}
		for range 8 {
			require.NoError(t, <-failed)
		}
	}
}

// Features without a defined cosine or FDR leave the other numbers, say why, and survive the store.
func TestUndefinedMeasures(t *testing.T) {
	constant := dense(make([]float32, 8), 2, 4) // zero rows
	m := &study.Measures{TestSet: "toy"}
	require.NoError(t, measureFeatures(m, constant, constant, []int{0, 1}, 2))
	require.Contains(t, m.Undefined["cs_f"], "row 0 of the features is zero")
	require.NotEmpty(t, m.Undefined["fdr_f"])
	require.Nil(t, m.FDR)
	require.Zero(t, m.Diff)

	one := &study.Measures{}
	require.NoError(t, measureFeatures(one, dense([]float32{1, 2}, 1, 2), dense([]float32{1, 2}, 1, 2), []int{1}, 2))
	require.Contains(t, one.Undefined["cs_f"], "one row of features")
	require.Contains(t, one.Undefined["fdr_f"], "one class")

	s := open(t, t.TempDir(), 1001)
	m.Spec = study.Spec{Task: "toy", Method: study.FT, Seed: 1}
	_, err := s.Store.Do(t.Context(), store.Step{Kind: "run", Version: measuresVersion, Inputs: 1}, func(_ context.Context, w *store.Work) error { return w.WriteJSON(measuresFile, m) })
	require.NoError(t, err)
	rows, bad := Runs(s.Store)
	require.Empty(t, bad)
	require.True(t, rows[0].CS != rows[0].CS, "NaN, not 0")
	averages, err := study.Averages(rows)
	require.NoError(t, err)
	require.NotContains(t, averages[0].Metrics, "cs_f")
	require.Contains(t, averages[0].Undefined["cs_f"], "zero")
	require.Contains(t, averages[0].Metrics, "diff_f")
}

// A seed that comes twice would count one run as two.
func TestSessionRefusesSeedsTwice(t *testing.T) {
	_, err := Open(t.Context(), Options{Profile: "smoke", Seeds: []uint64{3, 4, 3}, Home: t.TempDir(), Say: func(string) {}})
	require.ErrorContains(t, err, "seed 3 is there twice")
}
