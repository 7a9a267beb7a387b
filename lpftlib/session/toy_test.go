package session

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/study"
)

// The toy task is no toy problem: with MiniLM and the demo's recipe, linear probing leaves
// room above it, fine-tuning takes it, and the shifted test set is harder for both.
func TestToyIsNoToyProblem(t *testing.T) {
	models := os.Getenv("LPFT_MODELS")
	if models == "" {
		t.Skip("LPFT_MODELS is not set: it names the folder that holds minilm/ (this test trains for about two minutes)")
	}
	home := os.Getenv("LPFT_HOME") // CI keeps artefacts there; they do not change the result
	if home == "" {
		home = t.TempDir()
	}
	s, err := Open(t.Context(), Options{Profile: "demo", Tasks: []string{"toy"}, Home: home, ModelsDir: models, Offline: true, Progress: terminal.Sink(os.Stderr)})
	require.NoError(t, err)
	ctx := context.Background()
	score := func(m study.Method, testSet string) float64 {
		row, err := s.MeasureOn(ctx, study.Spec{Task: "toy", Method: m, Seed: s.Profile.Seeds[0]}, testSet, "test")
		require.NoError(t, err)
		return row.Score
	}
	lp, ft := score(study.LP, "toy"), score(study.FT, "toy")
	lpOOD, ftOOD := score(study.LP, "toy-ood"), score(study.FT, "toy-ood")
	t.Logf("LP %.1f %% (shifted %.1f %%), FT %.1f %% (shifted %.1f %%)", lp, lpOOD, ft, ftOOD)
	require.GreaterOrEqual(t, lp, 60.0)
	require.LessOrEqual(t, lp, 90.0)
	require.GreaterOrEqual(t, ft, lp+5)
	require.Less(t, lpOOD, lp)
	require.Less(t, ftOOD, ft)
}

// A split is tokenised once a session.
func TestTextsAreTokenisedOnce(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	first, err := s.Texts(t.Context(), "toy", "train")
	require.NoError(t, err)
	again, err := s.Texts(t.Context(), "toy", "train")
	require.NoError(t, err)
	require.Same(t, &first[0], &again[0])
	d, err := s.Data(t.Context(), "toy")
	require.NoError(t, err)
	require.Len(t, first, len(d.Train))
	_, err = s.Texts(t.Context(), "toy", "dev")
	require.ErrorContains(t, err, `"dev"`)
}
