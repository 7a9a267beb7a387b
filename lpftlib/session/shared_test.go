package session

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// resealed changes an artefact's manifest and seals it again, as another machine or another version would have written it.
func resealed(t *testing.T, a *store.Artefact, change func(fields map[string]any)) {
	t.Helper()
	data, err := a.ManifestBytes()
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(data, &fields))
	change(fields)
	delete(fields, "digest")
	fields["digest"], err = store.DigestJSON(fields)
	require.NoError(t, err)
	data, err = json.Marshal(fields)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(a.Path("manifest.json"), data, 0o644))
}

// seen is all that is read of a store but times: which runs count, what is older, and what of a plan is there.
func seen(t *testing.T, home string, spec study.Spec) (scores []float64, older map[string]string, cached []bool, sound int) {
	t.Helper()
	s := open(t, home, 1001)
	rows, _ := Runs(s.Store)
	for _, r := range rows {
		scores = append(scores, r.Score)
	}
	plan, err := s.Plan(t.Context(), []study.Spec{spec}, func(study.Spec) ([]string, error) { return []string{"toy"}, nil })
	require.NoError(t, err)
	for _, step := range plan {
		cached = append(cached, step.Cached)
	}
	list, bad := s.Store.Verify(func(*store.Artefact) {})
	require.Empty(t, bad)
	return scores, Older(s.Store), cached, len(list)
}

// Machines whose clocks are hours off change the times that are shown and nothing else: not which of two runs counts, nor
// what is older, nor what of a plan is there.
func TestClocksDecideNothing(t *testing.T) {
	home := t.TempDir()
	s := open(t, home, 1001)
	spec := study.Spec{Task: "toy", Method: study.LP, Seed: 1001}
	now, err := s.Measure(t.Context(), spec)
	require.NoError(t, err)
	runs, _ := s.Store.ManifestsOf("run")
	require.Len(t, runs, 1)
	var in measuresInputs
	require.NoError(t, json.Unmarshal(runs[0].Manifest.Inputs, &in))
	for _, score := range []float64{11, 22} { // two more of the same head in the same setting, the last of which counts
		again := *now
		again.Score = score
		in.Split += " again"
		_, err = s.Store.Do(t.Context(), store.Step{Kind: "run", Version: measuresVersion, Inputs: in},
			func(_ context.Context, w *store.Work) error { return w.WriteJSON(measuresFile, again) })
		require.NoError(t, err)
	}
	scores, older, cached, sound := seen(t, home, spec)
	require.Equal(t, []float64{22}, scores)
	require.Len(t, older, 2)
	list, bad := s.Store.Manifests()
	require.Empty(t, bad)
	rng := rand.New(rand.NewPCG(1, 9))
	for range 10 {
		for _, a := range list {
			off := time.Duration(rng.IntN(49)-24) * time.Hour
			resealed(t, a, func(fields map[string]any) {
				fields["started"] = a.Manifest.Started.Add(off)
				fields["finished"] = a.Manifest.Finished.Add(off)
			})
		}
		scores2, older2, cached2, sound2 := seen(t, home, spec)
		require.Equal(t, scores, scores2)
		require.Equal(t, older, older2)
		require.Equal(t, cached, cached2)
		require.Equal(t, sound, sound2)
	}
}

// Two versions of lpft share a store: what the later has made, with fields of a manifest that this one does not know, is
// sound to it, counts for nothing in its results and plans, and is never called older.
func TestStoreOfTwoVersions(t *testing.T) {
	home := t.TempDir()
	s := open(t, home, 1001)
	spec := study.Spec{Task: "toy", Method: study.LP, Seed: 1001}
	now, err := s.Measure(t.Context(), spec)
	require.NoError(t, err)
	scores, older, cached, sound := seen(t, home, spec)
	require.Equal(t, []float64{now.Score}, scores)
	require.Empty(t, older)
	require.NotContains(t, cached, false)

	later := func(kind string, version int, inputs any, file string) *store.Artefact {
		a, err := s.Store.Do(t.Context(), store.Step{Kind: kind, Version: version, Inputs: inputs}, func(_ context.Context, w *store.Work) error {
			return w.WriteJSON(file, map[string]any{"measured": "otherwise"})
		})
		require.NoError(t, err)
		resealed(t, a, func(fields map[string]any) { fields["compressed"] = "zstd" })
		return a
	}
	features := later("features", featuresVersion+1, "later", "x.json")
	later("run", measuresVersion+1, measuresInputs{Run: spec, Setting: now.Setting, Split: "test", Features: features.Key}, measuresFile)
	later("spectrum", 1, features.Key, "x.json") // a kind of its own

	scores2, older, cached2, sound2 := seen(t, home, spec)
	require.Equal(t, scores, scores2)
	require.Empty(t, older, "lpft store clean --older would remove them")
	require.Equal(t, cached, cached2)
	require.Equal(t, sound+3, sound2)
	_, bad := Runs(s.Store)
	require.Len(t, bad, 1)
	require.ErrorContains(t, bad[0], "1 runs that another version of lpft measured")
}
