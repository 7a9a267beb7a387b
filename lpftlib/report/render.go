package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lpft/lpftlib/paper"
)

var (
	//go:embed page.html.tmpl
	pageSource string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
	//go:embed table.css
	tableCSS string
	//go:embed fragment.js
	fragmentJS string
)

// page is what the template sees.
type page struct {
	*Report
	links []linked
}

// verdictOrder is the order in which counts are shown.
var verdictOrder = []paper.Verdict{paper.Match, paper.TrendOnly, paper.Differs, paper.NotATarget, paper.Constant}

var templates = template.Must(template.New("page").Funcs(template.FuncMap{
	"slug":     slug,
	"counts":   counts,
	"duration": duration,
	"number":   number,
	"tables":   func(t Table) tableView { return tableView{t} },
	"symbol":   symbol,
	"named":    haveNames,
}).Parse(pageSource))

func render(p page) (string, error) {
	var b strings.Builder
	err := templates.ExecuteTemplate(&b, "page", p)
	return b.String(), err
}

// HTML is the table as a fragment with its own style, for the output of a notebook cell. It follows the
// page around it in light and dark. Where the notebook is trusted a click on a column's name sorts, and buttons copy it
// as CSV and LaTeX.
func (t Table) HTML() (string, error) {
	if err := t.check(); err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	var b strings.Builder
	err := templates.ExecuteTemplate(&b, "fragment", tableView{t})
	return b.String(), err
}

// ClaimsHTML is claims with their outcomes as a fragment with its own style, for the output of a notebook cell.
func ClaimsHTML(claims []paper.Claim) (string, error) {
	var b strings.Builder
	err := templates.ExecuteTemplate(&b, "judged", claimsView{claims})
	return b.String(), err
}

// haveNames tells whether any of the claims has a name of its own, as C1.
func haveNames(claims []paper.Claim) bool {
	return slices.ContainsFunc(claims, func(c paper.Claim) bool { return c.ID != "" })
}

type claimsView struct{ Claims []paper.Claim }

func (claimsView) CSS() template.CSS { return template.CSS(tableCSS) }

// Script is what makes a table in a notebook sortable and copies it.
func (tableView) Script() template.JS { return template.JS(strings.TrimSpace(fragmentJS)) }

// tableView gives a template the parts of a table that are computed.
type tableView struct{ Table }

// Class is how a cell of a column is set: words to the left, long texts broken into lines, numbers to the right. A column of
// words with a long one is set alike from top to bottom.
func (v tableView) Class(column int, ours string) string {
	words := v.words(column)
	switch {
	case prose(ours), words && slices.ContainsFunc(v.Rows, func(r Row) bool { return prose(r.Cells[column].Ours) }):
		return "prose"
	case words:
		return "words"
	}
	return ""
}

// words tells whether a column holds words: no cell of it begins as a number does.
func (t Table) words(column int) bool {
	any := false
	for _, r := range t.Rows {
		ours := r.Cells[column].Ours
		if number, _ := utf8.DecodeRuneInString(strings.TrimLeft(ours, "+-−")); unicode.IsDigit(number) {
			return false
		}
		any = any || (ours != "" && ours != "-")
	}
	return any
}

func (v tableView) CSS() template.CSS  { return template.CSS(tableCSS) }
func (v tableView) Header() []string   { return v.header() }
func (v tableView) ShowDatasets() bool { return v.hasDatasets() }
func (v tableView) ShowMethods() bool  { return v.hasMethods() }

func (p page) CSS() template.CSS   { return template.CSS(tableCSS + pageCSS) }
func (p page) Script() template.JS { return template.JS(pageJS) }
func (p page) ArXiv() string       { return paper.URL }
func (p page) Citation() string    { return paper.Citation }
func (p page) BibTeX() string      { return paper.BibTeX }

// Table, Figure and Notebook are links to an item's files, relative to the page.
func (p page) Table(item, table int) linkedTable    { return p.links[item].tables[table] }
func (p page) Figure(item, figure int) linkedFigure { return p.links[item].figures[figure] }
func (p page) Notebook(item int) string             { return p.links[item].notebook }

// ClaimsHold is the headline: how many of the paper's claims hold of those that could be decided.
func (p page) ClaimsHold() string { return held(paper.CountOf(paper.Empirical, p.Claims)) }

// held is a kind's count in words.
func held(c paper.Count) string {
	if c.Decided == 0 {
		return fmt.Sprintf("no %s could be decided", strings.TrimSuffix(c.Kind.Plural(), "s"))
	}
	text := fmt.Sprintf("%d of %d %s hold", c.Holds, c.Decided, c.Kind.Plural())
	if c.Missing > 0 {
		text += fmt.Sprintf(", %d undecided", c.Missing)
	}
	return text
}

// judged is a section of the page: the statements of one kind.
type judged struct {
	Title, Held string
	Folded      bool // shown small: nobody reads a hundred identities
	Claims      []paper.Claim
}

// Judged are the claims by kind, the paper's own first.
func (p page) Judged() []judged {
	titles := map[paper.Kind]string{paper.Empirical: "The paper’s claims", paper.Ordering: "Further orderings", paper.Beyond: "Beyond the paper", paper.Check: "Checks of the implementation"}
	var out []judged
	for _, kind := range paper.Kinds {
		if claims := paper.OfKind(kind, p.Claims); len(claims) > 0 {
			out = append(out, judged{titles[kind], held(paper.CountOf(kind, p.Claims)), kind == paper.Check, claims})
		}
	}
	return out
}

// Part is the heading above an item with which a part of the page begins, "" elsewhere.
func (p page) Part(item int) string {
	if item > 0 && p.Items[item].Part == p.Items[item-1].Part {
		return ""
	}
	return p.Items[item].Part
}

// Others are the counts beside the headline.
func (p page) Others() string {
	var texts []string
	for _, kind := range paper.Kinds[1:] {
		if c := paper.CountOf(kind, p.Claims); c.Decided+c.Missing > 0 {
			texts = append(texts, held(c))
		}
	}
	return strings.Join(texts, "; ")
}

// AllVerdicts counts the verdicts of all items.
func (p page) AllVerdicts() []count {
	all := map[paper.Verdict]int{}
	for _, it := range p.Items {
		for v, n := range it.Verdicts() {
			all[v] += n
		}
	}
	return ordered(all)
}

// Datasets and Methods are the choices of the filter, in order of appearance.
func (p page) Datasets() []string { return p.distinct(func(r Row) string { return r.Dataset }) }
func (p page) Methods() []string {
	names := p.distinct(func(r Row) string { return r.Method })
	return slices.DeleteFunc(names, func(name string) bool { return name == AllMethods })
}

func (p page) distinct(of func(Row) string) (names []string) {
	for _, it := range p.Items {
		for _, t := range it.Tables {
			for _, r := range t.Rows {
				if name := of(r); name != "" && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// count is a verdict and how often it was given.
type count struct {
	Verdict paper.Verdict
	N       int
}

func counts(it Item) []count { return ordered(it.Verdicts()) }

func ordered(counts map[paper.Verdict]int) (out []count) {
	for _, v := range verdictOrder {
		if counts[v] > 0 {
			out = append(out, count{v, counts[v]})
		}
	}
	return out
}

// slug makes a class name of a verdict, an outcome or the first word of a state.
func slug(v any) string {
	s, _, _ := strings.Cut(strings.ToLower(fmt.Sprint(v)), ":")
	return strings.ReplaceAll(s, " ", "-")
}

// symbol repeats a verdict's colour as a sign, for those who do not see the colour.
func symbol(v any) string {
	switch fmt.Sprint(v) {
	case string(paper.Match), string(paper.Holds), string(paper.Constant):
		return "✓"
	case string(paper.TrendOnly):
		return "≈"
	case string(paper.Differs), string(paper.Fails):
		return "✗"
	default:
		return "–"
	}
}

// prose tells a text, such as why there is no number, from a number: it may be broken into lines.
func prose(cell string) bool { return len([]rune(cell)) > 32 }

// duration is a time span for people: "45 s", "4 min 10 s", "2 h 5 min".
func duration(d any) string {
	var total time.Duration
	switch d := d.(type) {
	case time.Duration:
		total = d
	case float64:
		total = time.Duration(d * float64(time.Second))
	}
	switch s := int(total.Round(time.Second).Seconds()); {
	case total < 10*time.Second:
		return fmt.Sprintf("%.1f s", total.Seconds())
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	}
}

// number prints a statistic; "–" where there is none.
func number(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strings.Replace(fmt.Sprintf("%.3g", v), "-", "−", 1)
}
