package lpftlib

import (
	"context"
	"fmt"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// calibrationColumns are the columns of Tables 3, 14 and 15.
var calibrationColumns = []column{
	of("ECE", "ece_wo_ts", 3, 14, 15), of("ECE with TS", "ece_w_ts", 3, 14, 15),
	{"ECE Imp.", "ece_imp", []int{3, 14, 15}, improvement(func(c study.Calibration) float64 { return c.ECE }), 2},
	of("MCE", "mce_wo_ts", 3, 14, 15), of("MCE with TS", "mce_w_ts", 3, 14, 15),
	{"MCE Imp.", "mce_imp", []int{3, 14, 15}, improvement(func(c study.Calibration) float64 { return c.MCE }), 2},
	of("T", "temperature"), of("exact T", "temperature_exact"), of("ECE, exact T", "ece_w_exact_ts"), of("NLL", "nll"),
}

// BuildTable3 is Tables 3, 14 and 15: calibration without and with temperature scaling.
func BuildTable3(ctx context.Context, s *study.Session) (*Built, error) {
	rows, err := measuresOfAll(ctx, s, false)
	if err != nil {
		return nil, err
	}
	var trained []study.Measures
	for _, r := range rows {
		if r.Method != study.Pretrained && r.Method != study.LP {
			trained = append(trained, r)
		}
	}
	table, err := measuredTable(ctx, s, trained, calibrationColumns,
		"Per cent, 15 bins, test set. T by the published recipe (Adam from 1) and, beside it, the exact minimiser, both on the validation rows.")
	if err != nil {
		return nil, err
	}
	return built(ctx, s, "table3", []report.Table{*table}, nil, table3Claims(trained))
}

// table3Claims judges C7, and who gains most.
func table3Claims(rows []study.Measures) []paper.Claim {
	gain := improvement(func(c study.Calibration) float64 { return c.ECE })
	return []paper.Claim{
		paper.C7(temperaturePairs(rows)),
		paper.AsInPrint(paper.Empirical, "temperature scaling takes more off LP-FT's ECE than off FT's", paper.Less, pairs(rows, study.FT, study.LPFT, gain), paper.GainOfECE),
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
