package session

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/study"
)

// ownTask writes a task file with its rows in a format and returns its path.
func ownTask(t *testing.T, format string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, rows int) {
		var b strings.Builder
		if format == "csv" {
			b.WriteString("text,stars\n")
		}
		for i := range rows {
			text := []string{"a good movie, good film", "a bad movie; bad film"}[i%2] + fmt.Sprint(" number ", i)
			if format == "csv" {
				fmt.Fprintf(&b, "%q,%d\n", text, 1-i%2)
			} else {
				line, err := json.Marshal(map[string]any{"text": text, "stars": []string{"good", "bad"}[i%2]})
				require.NoError(t, err)
				b.Write(append(line, '\n'))
			}
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+"."+format), []byte(b.String()), 0o644))
	}
	write("train", 60)
	write("test", 21)
	path := filepath.Join(dir, "mine.json")
	require.NoError(t, os.WriteFile(path, []byte(fmt.Sprintf(`{"id": "mine", "classes": ["bad", "good"], "metric": "matthews",
		"columns": {"a": "text", "label": "stars"}, "files": {"train": "train.%s", "test": "test.%s"}}`, format, format)), 0o644))
	return path
}

// A task file of one's own runs through everything: probing, the FT stage, every measure.
func TestTaskFileRunsThroughEverything(t *testing.T) {
	for _, format := range []string{"csv", "jsonl"} {
		path := ownTask(t, format)
		s := openWith(t, t.TempDir(), Options{Tasks: []string{path}})
		ids, err := s.Tasks(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"mine"}, ids)
		require.Equal(t, []string{path}, s.TaskArgs(ids))
		for _, m := range study.Methods() {
			row, err := s.Measure(t.Context(), study.Spec{Task: "mine", Method: m, Seed: 1})
			require.NoError(t, err, m)
			require.Equal(t, 21, row.Rows)
			require.Equal(t, row.Matthews, row.Score, "the task file's metric")
			require.InDelta(t, 100*11/21.0, row.Majority, 1e-9)
			require.NotNil(t, row.Published)
			require.NotNil(t, row.FDR)
		}
	}
}

func openWith(t *testing.T, home string, opt Options) *Session {
	t.Helper()
	for _, name := range []string{"LPFT_PROFILE", "LPFT_TASKS", "LPFT_SEEDS", "LPFT_DATA", "LPFT_MODELS"} {
		t.Setenv(name, "")
	}
	if opt.Profile == "" {
		opt.Profile = "smoke"
	}
	opt.Home, opt.Offline, opt.Say = home, true, func(string) {}
	s, err := Open(t.Context(), opt)
	require.NoError(t, err)
	return s
}

// A profile may name a task file, relative to itself.
func TestProfileNamesATaskFile(t *testing.T) {
	path := ownTask(t, "csv")
	profile := filepath.Join(filepath.Dir(path), "profile.json")
	require.NoError(t, os.WriteFile(profile, []byte(`{"model": "tiny", "max_len": 32, "epochs": 1, "run": ["mine"],
		"tasks": {"mine": {"file": "mine.json", "ft": {"batch": 8, "learning_rate": 1e-3}}}}`), 0o644))
	s := openWith(t, t.TempDir(), Options{Profile: profile})
	row, err := s.Measure(t.Context(), study.Spec{Task: "mine", Method: study.FT, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, 1, row.Epoch)
	require.Equal(t, 8, row.Setting.Recipe.Batch)
}

// The head is scaled before the FT stage: reading A sets its norm, B multiplies it; both are runs
// of their own, and LP has no FT stage to scale for.
func TestNormScaling(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	ctx := t.Context()
	plain, err := s.Measure(ctx, study.Spec{Task: "toy", Method: study.LPFT, Seed: 1001})
	require.NoError(t, err)
	for reading, want := range map[string]float64{"A": 2, "B": 2 * plain.NormStart} {
		scaling, err := study.ParseScaling(2, reading)
		require.NoError(t, err)
		m, err := s.Measure(ctx, study.Spec{Task: "toy", Method: study.LPFT, Seed: 1001, Scaling: scaling})
		require.NoError(t, err)
		require.InEpsilon(t, want, m.NormStart, 1e-5)
		require.NotEqual(t, plain.Diff, m.Diff)
		_, err = s.Measure(ctx, study.Spec{Task: "toy", Method: study.LP, Seed: 1001, Scaling: scaling})
		require.ErrorContains(t, err, "does not have")
	}
}

// The training split can be measured as well.
func TestMeasureTrainingRows(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	for _, m := range []study.Method{study.LP, study.FT} {
		row, err := s.MeasureOn(t.Context(), study.Spec{Task: "toy", Method: m, Seed: 1001}, "toy", "train")
		require.NoError(t, err)
		require.Equal(t, 54, row.Rows)
		require.Equal(t, "train", row.Split)
	}
	_, err := s.MeasureOn(t.Context(), study.Spec{Task: "toy", Method: study.LP, Seed: 1001}, "toy-ood", "train")
	require.ErrorContains(t, err, "toy-ood has no train rows")
	_, err = s.MeasureOn(t.Context(), study.Spec{Task: "toy", Method: study.LP, Seed: 1001}, "toy", "val")
	require.ErrorContains(t, err, `split "val"`)
}

// Means are taken over seeds only; runs of other settings stay apart.
func TestAveragesDoNotMixSettings(t *testing.T) {
	home := t.TempDir()
	for _, seed := range []uint64{1, 2} {
		_, err := open(t, home).Measure(t.Context(), study.Spec{Task: "toy", Method: study.LP, Seed: seed})
		require.NoError(t, err)
	}
	s := open(t, home)
	s.Profile.PaperCompatible = false
	_, err := s.Measure(t.Context(), study.Spec{Task: "toy", Method: study.LP, Seed: 1})
	require.NoError(t, err)
	_, err = s.Measure(t.Context(), study.Spec{Task: "toy", Method: study.FT, Seed: 1, Rates: study.Rates{Batch: 8, LearningRate: 1e-4}})
	require.NoError(t, err)
	_, err = s.Measure(t.Context(), study.Spec{Task: "toy", Method: study.FT, Seed: 1})
	require.NoError(t, err)

	rows, bad := Runs(s.Store)
	require.Empty(t, bad)
	require.Len(t, rows, 5)
	averages, err := study.Averages(rows)
	require.NoError(t, err)
	require.Len(t, averages, 4)
	var seeds []int
	for _, a := range averages {
		seeds = append(seeds, len(a.Seeds))
		if len(a.Seeds) == 2 {
			want, err := measure.Summarise([]float64{rows[0].Score, rows[1].Score})
			require.NoError(t, err)
			require.Equal(t, want, a.Metrics["score"])
		}
	}
	require.ElementsMatch(t, []int{2, 1, 1, 1}, seeds)
}

// A torn record of a run is left out of the results, by name.
func TestTornRunIsLeftOut(t *testing.T) {
	s := open(t, t.TempDir(), 1)
	_, err := s.Measure(t.Context(), study.Spec{Task: "toy", Method: study.LP, Seed: 1})
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(s.Store.Dir(), "run", "*", measuresFile))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, os.WriteFile(files[0], []byte("{}"), 0o644))
	rows, bad := Runs(s.Store)
	require.Empty(t, rows)
	require.Len(t, bad, 1)
	require.ErrorContains(t, bad[0], measuresFile)
}

// Of the tuning runs the best mean wins, the first of equals; a profile that asks for tuned rates
// gets them, and before there are any is told how to make them.
func TestTunedRatesAreUsed(t *testing.T) {
	home := t.TempDir()
	ctx := t.Context()
	s := open(t, home)
	s.Profile.TunedRates = true
	_, err := s.Train(ctx, study.Spec{Task: "toy", Method: study.FT, Seed: 1})
	require.ErrorContains(t, err, "lpft tune --profile smoke --task toy --method ft")

	tuned, err := s.Tune(ctx, "toy", study.FT, &Grid{LearningRate: []float64{1e-9, 3e-3}, Batch: []int{8, 16}}, []uint64{5, 6})
	require.NoError(t, err)
	require.Len(t, tuned.Points, 4)
	require.True(t, tuned.AtEdge, "two values have no middle")
	best := math.Inf(-1)
	for _, p := range tuned.Points {
		require.Len(t, p.Scores, 2)
		if p.Mean > best {
			best = p.Mean
			require.NotEqual(t, study.Rates{}, p.Rates)
		}
	}
	for _, p := range tuned.Points {
		if p.Mean == best {
			require.Equal(t, p.Rates, tuned.Best, "the first of equals")
			break
		}
	}
	recipe, err := s.Recipe(ctx, study.Spec{Task: "toy", Method: study.FT, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, tuned.Best, study.Rates{Batch: recipe.Batch, LearningRate: recipe.LearningRate})
	_, err = s.Recipe(ctx, study.Spec{Task: "toy", Method: study.LoRA, Seed: 1})
	require.ErrorContains(t, err, "--method lora")

	again, err := open(t, home).Tune(ctx, "toy", study.FT, &Grid{LearningRate: []float64{3e-3}}, []uint64{5, 6})
	require.NoError(t, err)
	require.Equal(t, 16, again.Points[0].Batch, "the profile's batch")
}

func TestEdgeOfAGrid(t *testing.T) {
	g := &Grid{LearningRate: []float64{1e-5, 1e-3, 1e-4}, Batch: []int{16}}
	require.False(t, g.atEdge(study.Rates{Batch: 16, LearningRate: 1e-4}))
	require.True(t, g.atEdge(study.Rates{Batch: 16, LearningRate: 1e-3}))
	require.True(t, (&Grid{LearningRate: []float64{1e-4}, Batch: []int{8, 16}}).atEdge(study.Rates{Batch: 8, LearningRate: 1e-4}))
	require.False(t, (&Grid{LearningRate: []float64{1e-4}}).atEdge(study.Rates{Batch: 8, LearningRate: 1e-4}))
}

func TestGridFiles(t *testing.T) {
	for text, want := range map[string]string{
		`{"learning_rate": []}`:                   "learning_rate is empty",
		`{"learning_rate": [2]}`:                  "learning rate 2",
		`{"learning_rate": [0.1], "b": 1}`:        `unknown field "b"`,
		`{"learning_rate": [1e-5], "batch": [0]}`: "batch 0",
		`{"learning_rate": [1e-5]} x`:             "something follows",
		``:                                        "EOF",
	} {
		path := filepath.Join(t.TempDir(), "grid.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := ReadGrid(path)
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, path)
	}
}

// CoLA's epochs are selected by Matthews' correlation, or by accuracy where the profile says so;
// for other tasks the two are one, and one artefact.
func TestSelectionByAccuracy(t *testing.T) {
	path := ownTask(t, "csv")
	home := t.TempDir()
	key := func(by, id string) string {
		s := openWith(t, home, Options{Tasks: []string{path, "toy"}})
		s.Profile.Select = by
		run, err := s.Train(t.Context(), study.Spec{Task: id, Method: study.FT, Seed: 1})
		require.NoError(t, err)
		return run.Key
	}
	require.NotEqual(t, key(study.SelectMetric, "mine"), key(study.SelectAccuracy, "mine"))
	require.Equal(t, key(study.SelectMetric, "toy"), key(study.SelectAccuracy, "toy"))
}

// A test set with other labels is refused before anything is trained.
func TestTestSetWithOtherClasses(t *testing.T) {
	path := ownTask(t, "csv")
	s := openWith(t, t.TempDir(), Options{Tasks: []string{path, "toy"}})
	_, err := s.MeasureOn(t.Context(), study.Spec{Task: "mine", Method: study.FT, Seed: 1}, "toy", "test")
	require.ErrorContains(t, err, "has 2 classes, test set toy has 3")
	log, err := s.Store.Log()
	require.NoError(t, err)
	require.Empty(t, log)
}
