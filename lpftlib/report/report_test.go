package report

import (
	"encoding/csv"
	"encoding/xml"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"lpft/lpftlib/paper"
)

func someTable() Table {
	return Table{
		Caption: "Table 8. Accuracy (%), mean ± standard deviation over seeds",
		Columns: []string{"accuracy", "κ*"},
		Rows: []Row{
			{"cb", "ft", []Cell{{"80.36 ± 2.1", "81.43 ± 3.91", "−1.07", paper.Match, "two pooled deviations"}, {Ours: "–"}}},
			{"cb", "lpft", []Cell{{"75.00 ± 1.5", "84.64 ± 2.40", "−9.64", paper.TrendOnly, "outside the tolerance"}, {Ours: "7.74"}}},
			{"rte", "ft", []Cell{{"60.10", "74.95 ± 1.0", "−14.85", paper.Differs, "outside the tolerance"}, {Ours: "–"}}},
			{"rte", "lpft", []Cell{{"<b>&\"'|_", "x", "", paper.NotATarget, "another model: orderings only"}, {Ours: "0.1"}}},
		},
	}
}

// someReport refers to files in dir.
func someReport(t *testing.T, dir string) *Report {
	t.Helper()
	file := func(name string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte("content of "+name), 0o644))
		return p
	}
	return &Report{
		Title:   "Linear probing then fine-tuning <reproduced>",
		Profile: "demo",
		Loud:    []string{"toy task: not the paper's data", "another model: orderings only"},
		Ran: Ran{What: "Table 8 and Figure 1, seed 1001", Machine: "2 cores, linux/amd64", Backend: "go", SIMD: "AVX2",
			Started: time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC), Took: 250 * time.Second},
		Claims: []paper.Claim{
			paper.C1([]paper.Pair{{Name: "cb", A: 1, B: 2}}),
			paper.C8([]paper.Pair{{Name: "cb", A: 2, B: 1}}),
			paper.C3(nil),
		},
		Items: []Item{
			{ID: "table8", Title: "Table 8: test results", PaperClaim: "LP-FT > FT on most sets", Tables: []Table{someTable()},
				NotebookPath: file("table08.ipynb"), Provenance: []KeyValue{{"seed", "1001"}, {"commit", "0123456 <dirty>"}}, Seconds: 62, State: "fresh"},
			{ID: "figure1", Title: "Figure 1: norm growth", Figures: []Figure{{Name: "growth", PNG: []byte("picture"), SVG: []byte("drawing"), Alt: `a "quoted" alt`, Caption: "Norms & accuracy"}}, State: "cached"},
			{ID: "figure7", Title: "Figure 7: spectra", State: "missing: needs RTE, BoolQ and WiC"},
		},
		Provenance: []KeyValue{{"go", "1.26.8"}},
		Version:    "v0.1.0",
	}
}

func write(t *testing.T) (dir string, doc *node, text string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "report")
	require.NoError(t, Write(dir, someReport(t, t.TempDir())))
	data, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	return dir, parseHTML(t, string(data)), string(data)
}

// node is an element of a parsed page, or a text.
type node struct {
	name, text string
	attributes map[string]string
	children   []*node
}

// parseHTML reads a page whose elements are all closed or void, as this package writes it.
func parseHTML(t *testing.T, text string) *node {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	root := &node{}
	open := []*node{root}
	for {
		token, err := d.Token()
		if err == io.EOF {
			require.Len(t, open, 1, "every element is closed")
			return root
		}
		require.NoError(t, err)
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{name: token.Name.Local, attributes: map[string]string{}}
			for _, a := range token.Attr {
				n.attributes[a.Name.Local] = a.Value
			}
			top.children = append(top.children, n)
			open = append(open, n)
		case xml.EndElement:
			require.Equal(t, top.name, token.Name.Local)
			open = open[:len(open)-1]
		case xml.CharData:
			top.children = append(top.children, &node{text: string(token)})
		}
	}
}

// walk visits every element.
func walk(n *node, visit func(*node)) {
	if n.name != "" {
		visit(n)
	}
	for _, c := range n.children {
		walk(c, visit)
	}
}

func textOf(n *node) string {
	text := n.text
	for _, c := range n.children {
		text += textOf(c)
	}
	return text
}

func TestPage(t *testing.T) {
	_, doc, _ := write(t)
	var heads, sections, states, rows []string
	verdicts := map[string]int{}
	walk(doc, func(n *node) {
		switch {
		case n.name == "h1":
			heads = append(heads, textOf(n))
		case n.name == "section":
			sections = append(sections, n.attributes["id"])
		case strings.HasPrefix(n.attributes["class"], "state"):
			states = append(states, n.attributes["class"]+"|"+textOf(n))
		case n.name == "tr" && n.attributes["data-dataset"] != "":
			rows = append(rows, n.attributes["data-dataset"]+" "+n.attributes["data-method"])
			walk(n, func(c *node) {
				if class, ok := strings.CutPrefix(c.attributes["class"], "lpft-verdict "); ok {
					verdicts[class]++
				}
			})
		}
	})
	require.Equal(t, []string{"Linear probing then fine-tuning <reproduced>"}, heads)
	require.Equal(t, []string{"lpft-claims", "table8", "figure1", "figure7"}, sections)
	require.Equal(t, []string{"state fresh|fresh", "state cached|cached", "state missing|missing: needs RTE, BoolQ and WiC"}, states)
	require.Equal(t, []string{"cb ft", "cb lpft", "rte ft", "rte lpft"}, rows)
	require.Equal(t, map[string]int{"match": 1, "trend-only": 1, "differs": 1, "not-a-target": 1}, verdicts)

	all := textOf(doc)
	for _, want := range []string{
		"toy task: not the paper's data", "another model: orderings only",
		"1 of 2 claims hold, 1 undecided", "4 min 10 s", "2 cores, linux/amd64", "backend go · SIMD AVX2", "profile demo", "started 2026-11-23 23:00 UTC",
		"paper 81.43 ± 3.91 Δ −1.07", `<b>&"'|_`, "0123456 <dirty>", "1 min 2 s", "Norms & accuracy", "v0.1.0", "@inproceedings",
	} {
		require.Contains(t, all, want)
	}
}

// The page loads nothing from elsewhere; the only outside link is the paper's.
func TestOffline(t *testing.T) {
	dir, doc, text := write(t)
	var links []string
	walk(doc, func(n *node) {
		for _, key := range []string{"src", "srcset", "href", "action", "data"} {
			value, ok := n.attributes[key]
			switch {
			case !ok || value == "data:," || strings.HasPrefix(value, "#"):
			case n.name == "a" && strings.HasPrefix(value, "http"):
				links = append(links, value)
			default:
				require.FileExists(t, filepath.Join(dir, filepath.FromSlash(value)))
			}
		}
		require.NotContains(t, []string{"iframe", "object", "embed", "base"}, n.name)
		if n.name == "link" {
			require.Equal(t, "data:,", n.attributes["href"])
		}
		if n.name == "script" {
			require.Empty(t, n.attributes["src"])
		}
	})
	require.Equal(t, []string{paper.URL}, links)
	for _, name := range []string{"tables/table8-1.csv", "tables/table8-1.md", "tables/table8-1.tex"} {
		require.Contains(t, text, `<a href="`+name+`">`)
	}
	require.NotRegexp(t, regexp.MustCompile(`@import|url\(|fetch\(|XMLHttpRequest|<form`), text)
	require.NotContains(t, text, "<b>&")
}

func TestFiles(t *testing.T) {
	dir, _, _ := write(t)
	for name, want := range map[string]string{
		"tables/table8-1.csv": someTable().CSV(), "tables/table8-1.md": someTable().Markdown(), "tables/table8-1.tex": someTable().LaTeX(),
		"figures/figure1-growth.png": "picture", "figures/figure1-growth.svg": "drawing", "notebooks/table8-table08.ipynb": "content of table08.ipynb",
	} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, string(data))
	}
	temporary, err := filepath.Glob(filepath.Join(dir, "*", ".tmp-*"))
	require.NoError(t, err)
	require.Empty(t, temporary)
	// a second report into the same folder replaces the first
	r := someReport(t, t.TempDir())
	r.Title = "again"
	require.NoError(t, Write(dir, r))
	data, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	require.Contains(t, string(data), "<h1>again</h1>")
}

func TestEqualReportsAreEqualPages(t *testing.T) {
	_, _, one := write(t)
	_, _, two := write(t)
	require.Equal(t, one, two)
}

func TestRefusals(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for name, c := range map[string]struct {
		dir    string
		change func(*Report)
		want   string
	}{
		"folder":     {filepath.Join(file, "report"), func(*Report) {}, "not a directory: choose another folder"},
		"figure":     {"", func(r *Report) { r.Items[1].Figures[0].Name = "../growth" }, "figure \"../growth\""},
		"no PNG":     {"", func(r *Report) { r.Items[1].Figures[0].PNG = nil }, "0 bytes of PNG"},
		"ID":         {"", func(r *Report) { r.Items[1].ID = "../x" }, `the ID "../x"`},
		"same ID":    {"", func(r *Report) { r.Items[1].ID = "table8" }, `two items have the ID "table8"`},
		"ragged row": {"", func(r *Report) { r.Items[0].Tables[0].Rows[2].Cells = nil }, "row 3 has 0 cells: expected 2"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := c.dir
			if dir == "" {
				dir = t.TempDir()
			}
			r := someReport(t, t.TempDir())
			c.change(r)
			err := Write(dir, r)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
			require.NoFileExists(t, filepath.Join(dir, "index.html"))
		})
	}
}

func TestMarkdown(t *testing.T) {
	require.Equal(t, `Table 8. Accuracy (%), mean ± standard deviation over seeds

| data set | method | accuracy | κ\* |
|---|---|---|---|
| cb | ft | 80.36 ± 2.1 (paper 81.43 ± 3.91, match) | – |
| cb | lpft | 75.00 ± 1.5 (paper 84.64 ± 2.40, trend only) | 7.74 |
| rte | ft | 60.10 (paper 74.95 ± 1.0, differs) | – |
| rte | lpft | &lt;b&gt;&"'\|\_ (paper x, not a target) | 0.1 |
`, someTable().Markdown())
}

func TestCSV(t *testing.T) {
	require.Equal(t, `data set,method,accuracy,accuracy paper,accuracy difference,accuracy verdict,accuracy reason,κ*
cb,ft,80.36 ± 2.1,81.43 ± 3.91,−1.07,match,two pooled deviations,–
cb,lpft,75.00 ± 1.5,84.64 ± 2.40,−9.64,trend only,outside the tolerance,7.74
rte,ft,60.10,74.95 ± 1.0,−14.85,differs,outside the tolerance,–
rte,lpft,"<b>&""'|_",x,,not a target,another model: orderings only,0.1
`, someTable().CSV())
	rows, err := csv.NewReader(strings.NewReader(someTable().CSV())).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"rte", "lpft", `<b>&"'|_`, "x", "", "not a target", "another model: orderings only", "0.1"}, rows[4])
}

func TestLaTeX(t *testing.T) {
	require.Equal(t, `% Table 8. Accuracy (%), mean ± standard deviation over seeds
\begin{tabular}{llrr}
\toprule
data set & method & accuracy & $\kappa$* \\
\midrule
cb & ft & 80.36 $\pm$ 2.1 (81.43 $\pm$ 3.91) & -- \\
cb & lpft & 75.00 $\pm$ 1.5 (84.64 $\pm$ 2.40) & 7.74 \\
rte & ft & 60.10 (74.95 $\pm$ 1.0) & -- \\
rte & lpft & $<$b$>$\&"'$|$\_ (x) & 0.1 \\
\bottomrule
\end{tabular}
`, someTable().LaTeX())
	bare := Table{Columns: []string{"50 % {of} $1"}, Rows: []Row{{Cells: []Cell{{Ours: "[1, 2]"}}}, {Cells: []Cell{{Ours: "\\a~b^c#\n−3·σ²"}}}}}
	require.Equal(t, `\begin{tabular}{r}
\toprule
50 \% \{of\} \$1 \\
\midrule
{[}1, 2{]} \\
\textbackslash{}a\textasciitilde{}b\textasciicircum{}c\# $-$3$\cdot$$\sigma$$^2$ \\
\bottomrule
\end{tabular}
`, bare.LaTeX(), "a bracket after a line break would be its argument")
}

func TestHTMLFragment(t *testing.T) {
	fragment, err := someTable().HTML()
	require.NoError(t, err)
	require.Contains(t, fragment, "<style>")
	require.NotContains(t, fragment, "<html")
	require.NotContains(t, fragment, "<b>")
	require.Contains(t, fragment, `title="two pooled deviations"`)
	parseHTML(t, fragment)

	bare := Table{Columns: []string{"a"}, Rows: []Row{{Cells: []Cell{{Ours: "1"}}}}}
	fragment, err = bare.HTML()
	require.NoError(t, err)
	require.NotContains(t, fragment, "data set")

	_, err = Table{Columns: []string{"a", "b"}, Rows: bare.Rows}.HTML()
	require.ErrorContains(t, err, "expected 2")
}

func TestWords(t *testing.T) {
	for span, want := range map[time.Duration]string{
		1500 * time.Millisecond: "1.5 s", 45 * time.Second: "45 s", 59600 * time.Millisecond: "1 min 0 s", 250 * time.Second: "4 min 10 s", 7500 * time.Second: "2 h 5 min",
	} {
		require.Equal(t, want, duration(span))
		require.Equal(t, want, duration(span.Seconds()))
	}
	require.Equal(t, "–", number(math.NaN()))
	require.Equal(t, "−0.949", number(-0.9487))
	require.Equal(t, "trend-only", slug(paper.TrendOnly))
	require.Equal(t, "missing", slug("missing: needs RTE"))
	require.Equal(t, `$-$0.3 ($-$1) 5e$-$05 LP-FT 2024-11`, escapeLaTeX("-0.3 (-1) 5e-05 LP-FT 2024-11"))
	require.True(t, prose("task boolq: no folder; give one with --data DIR"))
	require.False(t, prose("81.43 ± 3.91"))
}

func TestClaimsHold(t *testing.T) {
	require.Equal(t, "no claim could be decided", page{Report: &Report{}}.ClaimsHold())
	one := page{Report: &Report{Claims: []paper.Claim{
		{Kind: paper.Empirical, Outcome: paper.Holds}, {Kind: paper.Check, Outcome: paper.Holds}, {Kind: paper.Check, Outcome: paper.Undecided}, {Kind: paper.Ordering, Outcome: paper.Fails}}}}
	require.Equal(t, "1 of 1 claims hold", one.ClaimsHold(), "a check is no claim")
	require.Equal(t, "0 of 1 further orderings hold; 1 of 1 checks of the implementation hold, 1 undecided", one.Others())
	sections := one.Judged()
	require.Len(t, sections, 3)
	require.Equal(t, []bool{false, false, true}, []bool{sections[0].Folded, sections[1].Folded, sections[2].Folded})
}

// What all methods share is no choice of the filter and stays whichever method is chosen.
func TestRowsOfAllMethods(t *testing.T) {
	p := page{Report: &Report{Items: []Item{{Tables: []Table{{Rows: []Row{{Method: AllMethods}, {Method: "FT"}, {Method: "LP-FT"}, {Method: "FT"}}}}}}}}
	require.Equal(t, []string{"FT", "LP-FT"}, p.Methods())
	require.Contains(t, pageJS, `row.dataset.method === "`+AllMethods+`"`)
}

// What is not the paper's has a heading of its own above its first section, and is counted apart from the claims.
func TestPartsHaveAHeading(t *testing.T) {
	r := &Report{Title: "t", Items: []Item{{ID: "table1", Title: "one", PaperClaim: "c"}, {ID: "a", Title: "two", Part: "Beyond the paper", PaperClaim: "q"}, {ID: "b", Title: "three", Part: "Beyond the paper"}},
		Claims: []paper.Claim{paper.C1([]paper.Pair{{Name: "cb", A: 1, B: 2}}), paper.Seeded("s", paper.Less, []paper.Pair{{Name: "cb", A: 2, B: 1}}, 3)}}
	dir := t.TempDir()
	require.NoError(t, Write(dir, r))
	raw, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	page := string(raw)
	require.Equal(t, 1, strings.Count(page, `<h2 class="part">`))
	heading := strings.Index(page, `<h2 class="part">Beyond the paper</h2>`)
	require.True(t, strings.Index(page, `id="table1"`) < heading && heading < strings.Index(page, `id="a"`))
	require.Contains(t, page, "The paper:</span> c")
	require.Contains(t, page, "The question:</span> q")
	require.Contains(t, page, "1 of 1 claims hold")
	require.Contains(t, page, "0 of 1 statements beyond the paper hold")
}
