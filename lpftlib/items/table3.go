package items

import (
	"context"
	"fmt"
	"math"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
	"lpft/lpftlib/tables"
)

// table3 is Tables 3, 14 and 15: calibration without and with temperature scaling.
func table3() Item {
	runs := tableRuns{}
	data := func(ctx context.Context, s *session.Session) ([]study.Measures, error) {
		rows, err := runs.rows(ctx, s)
		return trained(rows), err
	}
	return recipe[[]study.Measures]{needs: runs.needs, data: data, view: table3View, judge: table3Claims}.item(Item{
		ID: "table3", Covers: []string{"table3", "table14", "table15"}, Title: "Tables 3, 14, 15: calibration and temperature scaling",
		Claim:    "LP-FT's large classifier norm makes it overconfident; temperature scaling, which shrinks the norm after training, mends that, and gains most for LP-FT.",
		Notebook: "table03_calibration.ipynb",
	})
}

// trained keeps the rows of methods with an FT stage.
func trained(rows []study.Measures) []study.Measures {
	var out []study.Measures
	for _, r := range rows {
		if r.Method != study.Pretrained && r.Method != study.LP {
			out = append(out, r)
		}
	}
	return out
}

// What temperature scaling takes off a calibration error, in percentage points.
var (
	gainOfECE = study.Metric{Name: "ece_imp", Title: "ECE Imp.", Digits: 2, Of: improvement(func(c study.Calibration) float64 { return c.ECE })}
	gainOfMCE = study.Metric{Name: "mce_imp", Title: "MCE Imp.", Digits: 2, Of: improvement(func(c study.Calibration) float64 { return c.MCE })}
)

func improvement(of func(study.Calibration) float64) func(*study.Measures) float64 {
	return func(m *study.Measures) float64 {
		if m.Published == nil {
			return math.NaN()
		}
		return of(m.Calibration) - of(m.Published.Calibration)
	}
}

// calibrationColumns are the columns of Tables 3, 14 and 15.
func calibrationColumns() []tables.Column {
	var out []tables.Column
	for _, m := range []study.Metric{study.ECE, tables.Titled(study.ECEScaled, "ECE with TS"), gainOfECE, study.MCE, tables.Titled(study.MCEScaled, "MCE with TS"), gainOfMCE} {
		out = append(out, tables.PrintedIn(m, 3, 14, 15))
	}
	return append(out, tables.PrintedIn(study.Temperature), tables.PrintedIn(study.ExactTemperature), tables.PrintedIn(tables.Titled(study.ECEExactlyScaled, "ECE, exact T")), tables.PrintedIn(study.NLL))
}

func table3View(f *Facts, rows []study.Measures) (View, error) {
	return View{Tables: []report.Table{MeasuredTable(f, rows, calibrationColumns(),
		"Per cent, 15 bins, test set. T by the published recipe (Adam from 1) and, beside it, the exact minimiser, both on the validation rows. "+study.TemperatureNote(rows))}}, nil
}

// table3Claims judges C7, and who gains most.
func table3Claims(rows []study.Measures) []paper.Claim {
	return []paper.Claim{
		paper.C7(temperaturePairs(rows)),
		paper.AsInPrint(paper.Empirical, "temperature scaling takes more off LP-FT's ECE than off FT's", paper.Less, pairs(rows, study.FT, study.LPFT, gainOfECE), paper.GainOfECE),
		paper.Judged(paper.Check, "the exact temperature is no worse than the published recipe's on validation NLL", paper.Less, exactPairs(rows)),
	}
}

// exactPairs compares the validation NLL of both ways to find T; a difference in the last digits is none.
func exactPairs(rows []study.Measures) []paper.Pair {
	var out []paper.Pair
	for _, r := range rows {
		if r.Published == nil || r.Exact == nil {
			continue
		}
		out = append(out, paper.Pair{Name: fmt.Sprintf("%s %s seed %d", r.Method.Title(), r.TestSet, r.Seed),
			A: r.Exact.Temperature.NLL - 1e-9, B: r.Published.Temperature.NLL})
	}
	return out
}
