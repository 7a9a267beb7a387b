package session

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/progress"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// open opens the smoke profile on the toy task: a generated model, no files, no network.
func open(t *testing.T, home string, seeds ...uint64) *Session {
	t.Helper()
	for _, name := range []string{"LPFT_PROFILE", "LPFT_TASKS", "LPFT_SEEDS", "LPFT_DATA", "LPFT_MODELS"} {
		t.Setenv(name, "")
	}
	s, err := Open(t.Context(), Options{Profile: "smoke", Tasks: []string{"toy"}, Seeds: seeds, Home: home, Offline: true, Say: func(string) {}})
	require.NoError(t, err)
	return s
}

// events counts what happened to steps of a kind since the log had from lines.
func events(t *testing.T, s *Session, from int) map[string]int {
	t.Helper()
	all, err := s.Store.Log()
	require.NoError(t, err)
	out := map[string]int{}
	for _, e := range all[from:] {
		out[e.Kind+" "+e.What]++
	}
	return out
}

// table1 measures the four methods of Table 1 without LoRA on the toy task and its shifted test set.
func table1(t *testing.T, s *Session) []study.Measures {
	t.Helper()
	var rows []study.Measures
	for _, set := range []string{"toy", "toy-ood"} {
		for _, m := range []study.Method{study.Pretrained, study.LP, study.FT, study.LPFT} {
			row, err := s.MeasureOn(t.Context(), study.Spec{Task: "toy", Method: m, Seed: s.Profile.Seeds[0]}, set, "test")
			require.NoError(t, err)
			rows = append(rows, *row)
		}
	}
	return rows
}

// Table 1 of the toy task has a row for every method and test set; asking again computes
// nothing; another seed recomputes what depends on the seed and reuses pre-trained features.
func TestTable1IsComputedOnce(t *testing.T) {
	home := t.TempDir()
	s := open(t, home, 1001)
	rows := table1(t, s)
	require.Len(t, rows, 8)
	for _, r := range rows {
		if r.Method == study.Pretrained || r.Method == study.LP {
			require.Zero(t, r.Diff, "%s leaves the encoder alone", r.Method)
		} else {
			require.Positive(t, r.Diff, "%s moves the encoder", r.Method)
		}
		require.Positive(t, r.NormC)
	}
	all, err := s.Store.Log()
	require.NoError(t, err)

	again := table1(t, open(t, home, 1001))
	require.Equal(t, rows, again)
	for what := range events(t, s, len(all)) {
		require.True(t, strings.HasSuffix(what, store.Reused), what)
	}

	all, err = s.Store.Log()
	require.NoError(t, err)
	other := table1(t, open(t, home, 2002))
	require.NotEqual(t, rows, other)
	got := events(t, s, len(all))
	require.Equal(t, 1, got["probe computed"])
	require.Equal(t, 2, got["finetune computed"])
	require.Equal(t, 4, got["features computed"], "of the two trained models on two test sets; not of the pre-trained one")
}

// The course of a probe and of a training run have enough points to draw.
func TestCoursesHaveAtLeastEightPoints(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir(), 1001)
	path, err := s.ProbePath(ctx, "toy", 1001)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(path), 8)
	run, err := s.FineTune(ctx, "toy", study.FT, 1001)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(run.Course.Points), 8)
	require.Zero(t, run.Course.Points[0].Epoch)
}

// LoRA and LP-LoRA go the same way as FT and LP-FT.
func TestLowRankMethodsRun(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir(), 1001)
	for _, m := range []study.Method{study.LoRA, study.LPLoRA} {
		row, err := s.Measure(ctx, study.Spec{Task: "toy", Method: m, Seed: 1001})
		require.NoError(t, err)
		require.Positive(t, row.Diff)
	}
}

// A broken data file is an error with file and line, not a reason to take another task.
func TestBrokenDataIsNotPassedOver(t *testing.T) {
	data := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(data, "CB"), 0o755))
	row, err := json.Marshal(map[string]any{"premise": "a", "hypothesis": "b", "label": "neutral", "idx": 0})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(data, "CB", "train.jsonl"), append(row, []byte("\n{\"premise\": \n")...), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(data, "CB", "val.jsonl"), append(row, '\n'), 0o644))
	s := open(t, t.TempDir())
	s.opt.Tasks, s.opt.DataDir = nil, data
	_, err = s.Tasks(context.Background())
	require.ErrorContains(t, err, "train.jsonl:2")
}

// Without data the fallback task is taken.
func TestFallback(t *testing.T) {
	t.Setenv("HF_HOME", t.TempDir())
	s := open(t, t.TempDir())
	var said []string
	s.opt.Tasks, s.opt.Say = nil, func(line string) { said = append(said, line) }
	ids, err := s.Tasks(context.Background())
	require.NoError(t, err)
	require.Equal(t, []string{"toy"}, ids)
	require.Contains(t, strings.Join(said, " "), "built-in task")
	notes, err := s.StudyNotes(context.Background())
	require.NoError(t, err)
	require.Contains(t, strings.Join(notes, " "), "not the paper's data")
}

// A note names the sets that were cut to the same number of rows once, and only those of the tasks asked for.
func TestNotesOfCutSets(t *testing.T) {
	var c cuts
	c.add("rte", 285, 2490)
	c.add("cb", 285, 0) // whole
	c.add("sst2", 2000, 67349)
	c.add("wic", 285, 5428)
	require.Equal(t, []string{"only 285 rows of rte (of 2490), wic (of 5428)", "only 2000 rows of sst2 (of 67349)"}, c.notes("only %d rows of %s"))

	s := open(t, t.TempDir())
	s.Profile.TrainRows = 20
	read, err := s.Notes(context.Background(), []string{"toy"})
	require.NoError(t, err)
	notes := read.About("toy")
	require.Regexp(t, `only the first 20 rows of the training files of toy \(of \d+\)`, strings.Join(notes, "; "))
}

// Results with TF32 are other results: every step that computes has another key.
func TestKeysCoverTF32(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	run := study.Spec{Task: "toy", Method: study.LPFT, Seed: 1}
	keys := func() (out []string) {
		for _, step := range []func() (store.Step, error){
			func() (store.Step, error) { return s.pretrainedStep(ctx, "toy") },
			func() (store.Step, error) { return s.probeStep(ctx, "toy", 1) },
			func() (store.Step, error) { return s.trainStep(ctx, run) },
			func() (store.Step, error) { return s.measuresStep(ctx, run, "toy", "test") },
			func() (store.Step, error) { return s.kernelStep(ctx, run) },
			func() (store.Step, error) { return s.TheoryStep("Proposition 1", 1) },
		} {
			key, err := s.keyOf(step())
			require.NoError(t, err)
			out = append(out, key)
		}
		return out
	}
	exact := keys()
	be, err := s.Backend()
	require.NoError(t, err)
	be.TF32 = true
	for i, key := range keys() {
		require.NotEqual(t, exact[i], key, "step %d", i)
	}
}

// Features depend on the tokenizer too: the same weights with another vocabulary are another model.
func TestModelDigestCoversTheTokenizer(t *testing.T) {
	ctx := context.Background()
	home := t.TempDir()
	first, err := open(t, home).Model(ctx)
	require.NoError(t, err)
	vocab := filepath.Join(first.Checkpoint.Dir, "vocab.txt")
	data, err := os.ReadFile(vocab)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(vocab, []byte(strings.Replace(string(data), "\nthe\n", "\nthy\n", 1)), 0o644))
	second, err := open(t, home).Model(ctx)
	require.NoError(t, err)
	require.Equal(t, first.Checkpoint.Digest, second.Checkpoint.Digest)
	require.NotEqual(t, first.Digest, second.Digest)
}

// What another session computes is not computed twice, and a session that waits for it shows
// that in its progress, which is all that a notebook's cell shows.
func TestWaitingIsShown(t *testing.T) {
	home := t.TempDir()
	s := open(t, home, 1001)
	var shown []progress.Update
	s2, err := Open(t.Context(), Options{Profile: "smoke", Tasks: []string{"toy"}, Home: home, Offline: true, Say: func(string) {},
		Progress: func(u progress.Update) { shown = append(shown, u) }})
	require.NoError(t, err)
	step := store.Step{Kind: "test", Version: 1, Label: "slow work", Inputs: 1}
	began, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := s.Store.Do(context.Background(), step, func(context.Context, *store.Work) error {
			close(began)
			<-release
			return nil
		})
		done <- err
	}()
	<-began
	go func() {
		time.Sleep(500 * time.Millisecond)
		close(release)
	}()
	_, err = s2.Store.Do(context.Background(), step, func(context.Context, *store.Work) error { return nil })
	require.NoError(t, err)
	require.NoError(t, <-done)
	require.Len(t, shown, 2, "its begin and its end")
	require.Contains(t, shown[0].Label, "slow work")
	require.False(t, shown[0].Ended)
	require.True(t, shown[1].Ended)
	require.Equal(t, shown[0].ID, shown[1].ID)
}
