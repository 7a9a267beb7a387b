package lpftlib

import (
	"fmt"
	"html"
	"os"

	"lpft/lpftlib/report"
)

// Show builds an item of the report and shows it: tables with the paper's numbers beside ours, then
// figures, or what it needs where it cannot be made here.
func (s *Session) Show(id string) {
	b := s.build(id)
	if b.Item.State != "" {
		HTML(fmt.Sprintf("<div><b>%s</b>&ensp;%s</div>", html.EscapeString(b.Item.Title), html.EscapeString(b.Item.State)))
	}
	for _, t := range b.Item.Tables {
		HTML(must(t.HTML()))
	}
	for _, f := range b.Item.Figures {
		s.showFigure(f)
	}
}

// showFigure shows a saved figure with its caption.
func (s *Session) showFigure(f report.Figure) {
	PNG(must(os.ReadFile(f.PNGPath)))
	HTML(fmt.Sprintf("<div style=\"max-width:60em\">%s</div>", html.EscapeString(f.Caption)))
}

// Verdict shows which of the paper's claims an item bears out.
func (s *Session) Verdict(id string) { s.showClaims(s.build(id).Claims) }

func (s *Session) build(id string) *Built {
	return must(must(ItemByID(id)).Build(s.ctx, s.Session))
}
