package items

import (
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/lpftlib/tables"
)

// table12 is Tables 12 and 13: how far features moved in the FT stage, and the head's norm.
func table12() Item {
	return controlled{tableRuns{shifted: true}}.recipe(table12Table, table12Claims).item(Item{
		ID: "table12", Covers: []string{"table12", "table13"}, Title: "Tables 12, 13: feature changes and classifier norms",
		Claim:    "On every data set features change less in LP-FT than in FT, and LP leaves a far larger classifier norm than FT.",
		Notebook: "table12_changes.ipynb",
	})
}

func table12Table(f *Facts, rows []study.Measures) report.Table {
	columns := append([]tables.Column{tables.PrintedIn(study.Diff, 12), tables.PrintedIn(study.NormC, 13), tables.PrintedIn(study.NormStart), tables.PrintedIn(study.Kappa), tables.PrintedIn(tables.Titled(study.Epoch, "selected epoch"))}, rateColumns...)
	return MeasuredTable(f, rows, columns, "Diff(F) between start and end of the FT stage on the test set (Table 12), ‖V‖ (Table 13).")
}

func table12Claims(rows []study.Measures) []paper.Claim {
	mine := own(rows)
	claims := []paper.Claim{paper.C1(pairs(rows, study.LPFT, study.FT, study.Diff)), paper.C2(pairs(mine, study.LP, study.FT, study.NormC))}
	low := pairs(rows, study.LPLoRA, study.LoRA, study.Diff)
	if len(low) == 0 {
		return claims
	}
	return append(claims, paper.AsInPrint(paper.Empirical, "Diff(F) of LP-LoRA is below LoRA's", paper.Less, low, paper.DiffOfLoRA),
		paper.AsInPrint(paper.Ordering, "‖V‖ of LoRA is above the random head's", paper.Less, pairs(mine, study.Pretrained, study.LoRA, study.NormC), paper.NormOfLoRA))
}
