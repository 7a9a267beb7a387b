package lpftlib

import (
	"html"
	"strings"

	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/lpftlib/tables"
	"lpft/lpftlib/worker"
)

// Table lays runs out, mean over seeds ± sample deviation, a metric a column: study.CS, study.Diff, … or one of your own; where the paper prints a number of the
// same data set, method and metric it stands beside ours.
func Table(rows []study.Measures, columns ...study.Metric) report.Table {
	return tables.Plain(rows, columns)
}

// Contents lists the paper's tables and figures as links to their notebooks, with what of each is there.
func (s *Study) Contents() HTML {
	var b strings.Builder
	b.WriteString(`<table><thead><tr><th style="text-align:left">item of the paper</th><th style="text-align:left">notebook</th><th style="text-align:left">state</th></tr></thead><tbody>`)
	for _, item := range ask(s, worker.Contents, worker.None{}) {
		b.WriteString(`<tr><td style="text-align:left">` + html.EscapeString(item.Title) + `</td><td style="text-align:left"><a href="` + item.Notebook + `">` + item.Notebook + `</a></td><td style="text-align:left">` + html.EscapeString(item.State) + `</td></tr>`)
	}
	b.WriteString(`</tbody></table>`)
	return HTML(b.String())
}

// HTML is a fragment that [Display] shows as it is.
type HTML string
