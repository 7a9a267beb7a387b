package items

import (
	"context"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// table10 is Tables 10 and 11: models trained on Amazon, measured on it and on shifted sets.
func table10() Item {
	runs := tableRuns{shifted: true, wanted: withShifted}
	data := func(ctx context.Context, s *session.Session) ([]study.Measures, error) {
		rows, err := runs.rows(ctx, s)
		if err == nil && len(rows) == 0 {
			err = absent{"a task with shifted test sets: amazon with BOSS's files in --data, or the built-in task toy"}
		}
		return rows, err
	}
	return recipe[[]study.Measures]{needs: runs.needs, data: data, view: table10View, judge: table10Claims}.item(Item{
		ID: "table10", Covers: []string{"table10", "table11"}, Title: "Tables 10, 11: in and out of distribution",
		Claim:    "Trained on Amazon reviews and tested on other sentiment sets, LP-FT changes features less than FT and is at least as accurate on most.",
		Notebook: "table10_boss.ipynb",
	})
}

func table10View(f *Facts, rows []study.Measures) (View, error) {
	return View{Tables: []report.Table{
		MeasuredTable(f, rows, scoreColumns, "Table 10: accuracy in and out of distribution."),
		MeasuredTable(f, rows, featureColumns, "Table 11: features and norms. "+study.FDRNote(rows)),
	}}, nil
}

func table10Claims(rows []study.Measures) []paper.Claim {
	return []paper.Claim{
		paper.C1(pairs(rows, study.LPFT, study.FT, study.Diff)),
		paper.AsInPrint(paper.Empirical, "CS(F) of LP-FT stays above FT's, in and out of distribution", paper.Less, pairs(rows, study.FT, study.LPFT, study.CS), paper.CSOfFTShifted),
		paper.C8(pairs(rows, study.FT, study.LPFT, study.TestScore)),
	}
}
