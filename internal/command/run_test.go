package command

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// inHome runs commands with an artefact store of their own.
func inHome(t *testing.T) {
	t.Helper()
	t.Setenv("LPFT_HOME", t.TempDir())
	t.Setenv("LPFT_MODELS", "")
	t.Setenv("LPFT_REMOTE", "")
}

// What lpft run measures, lpft results finds again, in all three forms.
func TestRunAndResults(t *testing.T) {
	inHome(t)
	_, err := lpft(t, "", "results")
	require.ErrorContains(t, err, "lpft run --task cb --method lp makes one")

	out, err := lpft(t, "", "run", "--profile", "smoke", "--task", "toy", "--method", "lp,ft", "--seed", "1,2", "--format", "json")
	require.NoError(t, err)
	var averages []study.Average
	require.NoError(t, json.Unmarshal([]byte(out), &averages))
	require.Len(t, averages, 4, "two methods on the task's own test set and the shifted one")
	for _, a := range averages {
		require.Equal(t, []uint64{1, 2}, a.Seeds)
		require.Equal(t, 2, a.Metrics["score"].N)
	}
	again, err := lpft(t, "", "results", "--format", "json")
	require.NoError(t, err)
	var listed []study.Average
	require.NoError(t, json.Unmarshal([]byte(again), &listed))
	require.ElementsMatch(t, averages, listed)

	out, err = lpft(t, "", "results", "--method", "ft", "--format", "csv")
	require.NoError(t, err)
	lines, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "diff_f_std")
	require.Equal(t, "at_limit", lines[0][len(lines[0])-1])
	require.Contains(t, []string{"no", "T 1/2", "T 2/2"}, lines[1][len(lines[1])-1])
	require.Equal(t, "FT", lines[1][5])

	out, err = lpft(t, "", "results")
	require.NoError(t, err)
	require.Contains(t, out, " ± ")
	require.Contains(t, out, "at limit")
}

// Norm scaling gives the curves of claim C3.
func TestRunWithNorms(t *testing.T) {
	inHome(t)
	_, err := lpft(t, "", "run", "--profile", "smoke", "--task", "toy", "--method", "lpft", "--seed", "1", "--norm", "0.5,2,10,50", "--test-set", "toy")
	require.NoError(t, err)
	out, err := lpft(t, "", "results", "--claims", "--format", "json")
	require.NoError(t, err)
	var claims []claimJSON
	require.NoError(t, json.Unmarshal([]byte(out), &claims))
	byID := map[string]claimJSON{}
	for _, c := range claims {
		byID[c.ID] = c
	}
	require.Equal(t, 1, byID["C3"].N)
	require.NotNil(t, byID["C3"].Statistic)
	require.Equal(t, "undecided", string(byID["C1"].Outcome), "no unscaled run")
	require.Nil(t, byID["C1"].Statistic)
}

func TestTune(t *testing.T) {
	inHome(t)
	grid := filepath.Join(t.TempDir(), "grid.json")
	require.NoError(t, os.WriteFile(grid, []byte(`{"learning_rate": [1e-6, 3e-3]}`), 0o644))
	out, err := lpft(t, "", "tune", "--profile", "smoke", "--task", "toy", "--method", "ft", "--grid", grid, "--format", "json")
	require.NoError(t, err)
	var tuned session.Tuned
	require.NoError(t, json.Unmarshal([]byte(out), &tuned))
	require.Equal(t, session.TuningSeeds, tuned.Seeds)
	require.Len(t, tuned.Points, 2)
	out, err = lpft(t, "", "tune", "--profile", "smoke", "--task", "toy", "--method", "ft", "--grid", grid)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(out, "best"))
	require.Equal(t, 2, strings.Count(out, "±"))

	one := []string{"tune", "--profile", "smoke", "--task", "toy", "--method", "ft", "--grid", grid, "--seed", fmt.Sprint(session.TuningSeeds[0])}
	out, err = lpft(t, "", one...)
	require.NoError(t, err)
	require.NotContains(t, out, "±", "one seed has no deviation")
	out, err = lpft(t, "", append(one, "--format", "json")...)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(out, `"std": null`))
}

// Wrong wishes are answered in one line before anything is loaded or trained.
func TestRunRefuses(t *testing.T) {
	inHome(t)
	for _, c := range []struct{ args, want string }{
		{"--task toy --method luck", `method "luck" is not known`},
		{"--task cbb --method lp", `no task "cbb"`},
		{"--task toy --method ft --norm -1", "--norm: norm -1"},
		{"--task toy --method ft --norm 1 --norm-reading Z", `reading "Z"`},
		{"--task toy --method lp --norm 1", "does not have"},
		{"--task toy --method ft --batch 4", "go together"},
		{"--task toy --method ft --batch 5000 --learning-rate 1", "larger than the 54 training rows"},
		{"--task toy --method lp --format xml", `format "xml"`},
		{"--task toy --method lp --split val", `split "val"`},
		{"--task nowhere.json --method lp", "nowhere.json"},
		{"--task toy-ood --method lp", "toy-ood"},
		{"--method lp", `"task" not set`},
	} {
		_, err := lpft(t, "", append([]string{"run", "--profile", "smoke"}, strings.Fields(c.args)...)...)
		require.ErrorContains(t, err, c.want, c.args)
	}
	_, err := lpft(t, "", "tune", "--profile", "smoke", "--task", "toy", "--method", "lp", "--grid", "none.json")
	require.ErrorContains(t, err, "none.json")
}

// Runs of two profiles are listed apart and never judged together.
func TestClaimsAreOfOneProfile(t *testing.T) {
	inHome(t)
	mine := filepath.Join(t.TempDir(), "mine.json")
	require.NoError(t, os.WriteFile(mine, []byte(`{"model": "tiny", "max_len": 32, "tasks": {"toy": {}}}`), 0o644))
	for _, profile := range []string{"smoke", mine} {
		_, err := lpft(t, "", "run", "--profile", profile, "--task", "toy", "--method", "lp", "--seed", "1", "--test-set", "toy")
		require.NoError(t, err)
	}
	_, err := lpft(t, "", "results", "--claims")
	require.EqualError(t, err, "there are runs of the profiles mine, smoke: claims are judged on one; choose it with --profile")
	_, err = lpft(t, "", "results", "--claims", "--profile", "smoke")
	require.NoError(t, err)
}
