package lpftlib

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// onToy opens the smoke profile on the built-in task as a cell does.
func onToy(t *testing.T, env ...string) *Study {
	t.Helper()
	for _, name := range []string{"LPFT_PROFILE", "LPFT_TASKS", "LPFT_SEEDS", "LPFT_DATA", "LPFT_MODELS"} {
		t.Setenv(name, "")
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	if os.Getenv("GOMLX_BACKEND") == "" {
		t.Setenv("GOMLX_BACKEND", "go")
	}
	t.Setenv(backend.FoldersVar, strings.Join(backend.Folders(), string(os.PathListSeparator))) // the plugin of the home that is left here
	t.Setenv("LPFT_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("LPFT_WORKER", workerHere(t))
	for i := 0; i < len(env); i += 2 {
		t.Setenv(env[i], env[i+1])
	}
	return Open(Params{Profile: "smoke", Tasks: []string{"toy"}, Seeds: []uint64{1}})
}

// The verbs give matrices and values that fit each other, and each shows itself.
func TestVerbsGiveValues(t *testing.T) {
	s := onToy(t)
	toy := s.Tasks()[0]
	n := len(toy.Labels("test"))

	phi := toy.Features("test")
	rows, h := phi.Dims()
	require.Equal(t, n, rows)
	embedded := toy.Layer(0, "test")
	require.False(t, mat.Equal(embedded, phi), "the embeddings are not the last layer")
	require.True(t, mat.EqualApprox(toy.Layer(2, "test"), phi, 1e-6), "all layers of the tiny model are its features")

	lp := toy.Probe(1)
	require.Equal(t, h, lp.Head.Hidden())
	require.Contains(t, htmlOf(lp), "κ*")

	run := toy.Train(LPFT, 1)
	require.InDelta(t, lp.Head.Norm(), run.Start.Norm(), 1e-6, "LP-FT starts from the probe's head")
	logits := run.Logits("test")
	rows, c := logits.Dims()
	require.Equal(t, []int{n, len(toy.Classes)}, []int{rows, c})
	require.Contains(t, htmlOf(run), "is kept")

	measured := toy.Measure(LPFT, 1)
	require.Equal(t, run.Head.Norm(), measured.NormC)
	require.Contains(t, htmlOf(Table([]study.Measures{measured}, study.CS, study.Diff)), "Diff(F)")
}

// Whatever a cell may end with is shown without an error, and text is escaped.
func TestDisplayKnowsWhatCellsHave(t *testing.T) {
	figure, err := plots.Spectra([]plots.SpectraPanel{{Title: "a", Spectra: []plots.Spectrum{{Name: "P", Values: []float64{1, 0.1}}}}}, plots.Options{})
	require.NoError(t, err)
	require.Contains(t, htmlOf(figure), `alt="`)
	require.Contains(t, htmlOf(mat.NewDense(9, 9, nil)), "[9, 9]")
	require.Contains(t, htmlOf("a < b"), "a &lt; b")
	require.Contains(t, htmlOf(errors.New("no such <thing>")), "&lt;thing&gt;")
	require.Contains(t, htmlOf(0.1234567891), "0.123457")
	require.Contains(t, htmlOf(7), ">7<")
	require.Contains(t, htmlOf([]float64{1, 2}), "[1 2]")
	var none error
	require.Equal(t, htmlOf(0.5), htmlOf(0.5, none), "what a call gives that went well")
	require.Contains(t, htmlOf(none), "nil", "a nil by itself is a value")
	require.Contains(t, htmlOf(map[string]int{"a": 1}), "map[a:1]")
}

// What the environment overrides is named where the study shows itself.
func TestOverridesAreNamed(t *testing.T) {
	s := onToy(t, "LPFT_SEEDS", "3,4")
	require.Equal(t, []uint64{3, 4}, s.Seeds)
	shown := htmlOf(s)
	require.Contains(t, shown, "LPFT_SEEDS=3,4 wins over the first cell")
	require.False(t, strings.Contains(shown, "LPFT_TASKS="))
}
