package items

import (
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/lpftlib/tables"
)

// table8 is Tables 8 and 16: test results of every method.
func table8() Item {
	runs := tableRuns{}
	return recipe[[]study.Measures]{needs: runs.needs, data: runs.rows, view: table8View, judge: table8Claims}.item(Item{
		ID: "table8", Covers: []string{"table8", "table16"}, Title: "Tables 8, 16: test results",
		Claim:    "LP-FT is at least as accurate as FT on most data sets; LP alone is below both.",
		Notebook: "table08_results.ipynb",
	})
}

// scoreColumns are the columns of Tables 8, 10 and 16.
var scoreColumns = []tables.Column{tables.PrintedIn(study.Accuracy, 8, 10, 16), tables.PrintedIn(study.Matthews, 8), tables.PrintedIn(tables.Titled(study.Majority, "majority class"))}

func table8View(f *Facts, rows []study.Measures) (View, error) {
	return View{Tables: []report.Table{MeasuredTable(f, rows, scoreColumns, "Test set, per cent; the paper prints Matthews × 100 for CoLA and accuracy for the others.")}}, nil
}

func table8Claims(rows []study.Measures) []paper.Claim {
	return []paper.Claim{
		paper.C8(pairs(rows, study.FT, study.LPFT, study.TestScore)),
		paper.AsInPrint(paper.Empirical, "LP scores below FT", paper.Less, pairs(rows, study.LP, study.FT, study.TestScore), paper.AccuracyOfLP, paper.MatthewsOfLP),
	}
}
