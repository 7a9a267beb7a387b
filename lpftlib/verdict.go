package lpftlib

import (
	"fmt"
	"html"
	"strings"

	"lpft/lpftlib/paper"
)

// kindWords say in a notebook what a statement is about.
var kindWords = map[paper.Kind]string{paper.Empirical: "the paper", paper.Ordering: "further", paper.Check: "our code"}

// showClaims shows claims with statistic, threshold, n and outcome.
func (s *Session) showClaims(claims []paper.Claim) {
	var b strings.Builder
	b.WriteString(`<table><thead><tr><th style="text-align:left">claim</th><th style="text-align:left">of</th><th>statistic</th><th>threshold</th><th>n</th><th>outcome</th><th style="text-align:left">why</th></tr></thead><tbody>`)
	for _, c := range claims {
		colour := map[paper.Outcome]string{paper.Holds: "#1b7f3b", paper.Fails: "#b00020", paper.Undecided: "#777777"}[c.Outcome]
		fmt.Fprintf(&b, `<tr><td style="text-align:left">%s</td><td style="text-align:left">%s</td><td>%.3g</td><td>%.3g</td><td>%d</td><td style="color:%s"><b>%s</b></td><td style="text-align:left">%s</td></tr>`,
			html.EscapeString(strings.TrimSpace(c.ID+" "+c.Text)), kindWords[c.Kind], c.Statistic, c.Threshold, c.N, colour, c.Outcome, html.EscapeString(c.Explanation))
	}
	b.WriteString(`</tbody></table>`)
	for _, note := range s.Notes() {
		fmt.Fprintf(&b, `<div style="color:#b00020">%s</div>`, html.EscapeString(note))
	}
	HTML(b.String())
}
