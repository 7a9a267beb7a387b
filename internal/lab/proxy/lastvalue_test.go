package proxy

import (
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLastValueIsShown(t *testing.T) {
	const lib = "import \"lpft/lpftlib\"\n"
	for code, want := range map[string]string{
		"%%\nx := 1\nx":                            "%%\nx := 1\nfmt.Println(x)",
		"%%\nx := 1\nx // a comment\n":             "%%\nx := 1\nfmt.Println(x) // a comment\n",
		lib + "%%\nphi := 1\nphi":                  lib + "%%\nphi := 1\nlpftlib.Display(phi)",
		"import (\n\t\"lpft/lpftlib\"\n)\n%%\n1+1": "import (\n\t\"lpft/lpftlib\"\n)\n%%\nlpftlib.Display(1+1)",
		"%%\n!ls\nk.F":                             "%%\n!ls\nfmt.Println(k.F)",
		"%main\nπ := \"ä\"\nπ\n":                   "%main\nπ := \"ä\"\nfmt.Println(π)\n",
		"%%\n[]int{\n\t1,\n}":                      "%%\nfmt.Println([]int{\n\t1,\n})",
	} {
		require.Equal(t, want, withLastValue(code, nil))
	}
	require.Equal(t, "%%\nlpftlib.Display(x)", withLastValue("%%\nx", []string{lib}), "an earlier cell has imported it")
}

// Calls are shown where a reader would want their values, and where Go would refuse them as unused.
func TestTheLastCallIsShown(t *testing.T) {
	lib := []string{"import \"lpft/lpftlib\"\n"}
	for _, call := range []string{
		"lpftlib.Open(params)", "lpftlib.HeatMap(phi)", "lpftlib.Kept[*mat.Dense](\"phi\")", "lpftlib.Open(params).Tasks()[0].Probe(1)",
		"task.Features(\"train\")", "measure.ECE(logits, labels, 15)", "plots.Spectra(panels, plots.Options{})", "(run.Head.Norm())", "len(phi)",
	} {
		require.Equal(t, "%%\nlpftlib.Display("+call+")", withLastValue("%%\n"+call, lib))
	}
	require.Equal(t, "%%\nfmt.Println(len(x))", withLastValue("%%\nlen(x)", nil))
	for _, code := range []string{
		"%%\nlpftlib.Display(x)", "%%\nlpftlib.Keep(\"x\", x)", "%%\nm.Mul(a, b)", "%%\nfmt.Println(x)", "%%\nx.Close()", "%%\nclose(done)", "%%\nplot(x)",
		"func (m *model) Train() {}\n%%\nm.Train()", "%%\nmax := func() {}\nmax()",
	} {
		require.Equal(t, code, withLastValue(code, lib))
	}
	require.Equal(t, "%%\nx.Probe(1)", withLastValue("%%\nx.Probe(1)", nil), "a cell without lpftlib has no study")
}

// What is Go already, or is not Go, is left alone.
func TestOtherCellsAreLeftAsTheyAre(t *testing.T) {
	for _, code := range []string{"", "x", "var x = 1", "%%\n", "%%\nx := 1", "%%\nf()", "%%\n(f())", "%%\n<-done", "%%\nx = ", "%%writefile a.go\nx", "%%\nx\n}", "!ls\nx", "%%\nfor {\n\tx\n}"} {
		require.Equal(t, code, withLastValue(code, nil))
	}
}

// Whatever is shown is one call more, and Go where it was Go.
func FuzzLastValue(f *testing.F) {
	for _, code := range []string{"%%\nx", "a\n%%\nf(x)\nx.y[1] // z", "%%\n`a\nb`", "%time\n%%\nx;", "%%\r\nx\r\n"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		got := withLastValue(code, nil)
		if got == code {
			return
		}
		require.Equal(t, len(code)+len("fmt.Println()"), len(got))
		blank, start, _ := masked(got)
		_, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc main() {\n"+blank[start:]+"\n}", parser.SkipObjectResolution)
		require.NoError(t, err)
	})
}
