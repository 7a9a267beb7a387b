package items

import (
	"context"
	"fmt"
	"math"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
)

// defects shows what is known to be wrong or unsaid in the publication, each by a number computed both ways.
func defects() Item {
	needs := func(ctx context.Context, s *session.Session) ([]session.Planned, error) { return s.PlanDefects(ctx) }
	data := func(ctx context.Context, s *session.Session) ([]session.DefectRow, error) { return s.Defects(ctx) }
	return recipe[[]session.DefectRow]{needs: needs, data: data, view: defectsView, judge: defectsClaims}.item(Item{
		ID: "defects", Covers: []string{"defects"}, Title: "Known defects of the publication, both ways",
		Claim:    "Nothing: these are differences between the paper's text, its tables and its code, with what each changes here.",
		Notebook: "known_defects.ipynb",
	})
}

func defectsView(f *Facts, rows []session.DefectRow) (View, error) {
	t := report.Table{Columns: []string{"no.", "defect", "quantity", "published way", "its value", "our way", "its value", "what it changes"},
		Caption: "Each known defect (docs/protocol.md has the numbers) by one quantity, computed the published way and ours. " + f.footer(f.tasks...)}
	for _, r := range rows {
		a, b := report.Cell{Ours: defectNumber(r.A)}, report.Cell{Ours: defectNumber(r.B)}
		quantity := r.Quantity
		if r.Missing != "" {
			quantity = "not measured: " + r.Missing
		}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Ours: fmt.Sprint(r.Number)}, {Ours: r.Defect}, {Ours: quantity}, {Ours: r.Published}, a, {Ours: r.Ours}, b, {Ours: r.Changes}}})
	}
	return View{Tables: []report.Table{t}}, nil
}

// defectNumber has four digits: the rows are of many kinds.
func defectNumber(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.4g", v)
}

// defectsClaims: that both ways are shown is no claim about the paper, and how they differ is in the table.
func defectsClaims(rows []session.DefectRow) []paper.Claim {
	shown := 0
	for _, r := range rows {
		if r.Missing != "" || (!math.IsNaN(r.A) && !math.IsNaN(r.B)) {
			shown++
		}
	}
	return []paper.Claim{paper.Judged(paper.Check, "every known defect has both values, or says why not", paper.Equal,
		[]paper.Pair{{Name: "rows", A: float64(shown), B: float64(len(rows))}})}
}
