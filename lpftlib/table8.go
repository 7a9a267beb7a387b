package lpftlib

import (
	"context"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// scoreColumns are the columns of Tables 8, 10 and 16.
var scoreColumns = []column{
	{"accuracy", "accuracy", []int{8, 10, 16}, of("", "accuracy").value, 2}, of("Matthews", "matthews", 8), of("majority class", "majority"),
}

// BuildTable8 is Tables 8 and 16: test results of every method.
func BuildTable8(ctx context.Context, s *study.Session) (*Built, error) {
	rows, err := measuresOfAll(ctx, s, false)
	if err != nil {
		return nil, err
	}
	table, err := measuredTable(ctx, s, rows, scoreColumns, "Test set, per cent; the paper prints Matthews × 100 for CoLA and accuracy for the others.")
	if err != nil {
		return nil, err
	}
	return built(ctx, s, "table8", []report.Table{*table}, nil, []paper.Claim{
		paper.C8(pairs(rows, study.FT, study.LPFT, scoreOf)),
		paper.AsInPrint(paper.Empirical, "LP scores below FT", paper.Less, pairs(rows, study.LP, study.FT, scoreOf), paper.AccuracyOfLP, paper.MatthewsOfLP),
	})
}

// BuildTable10 is Tables 10 and 11: models trained on Amazon, measured on it and on shifted sets.
func BuildTable10(ctx context.Context, s *study.Session) (*Built, error) {
	ids, err := tasksWhere(ctx, s, func(id string) bool { return withShifted(s, id) })
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return needs(ctx, s, "table10", "a task with shifted test sets: amazon with BOSS's files in --data, or the built-in task toy")
	}
	rows, err := measuresOf(ctx, s, ids, true)
	if err != nil {
		return nil, err
	}
	scores, err := measuredTable(ctx, s, rows, scoreColumns, "Table 10: accuracy in and out of distribution.")
	if err != nil {
		return nil, err
	}
	features, err := measuredTable(ctx, s, rows, featureColumns[:4], "Table 11: features and norms. "+fdrCaption(rows))
	if err != nil {
		return nil, err
	}
	return built(ctx, s, "table10", []report.Table{*scores, *features}, nil, []paper.Claim{
		paper.C1(pairs(rows, study.LPFT, study.FT, diffOf)),
		paper.AsInPrint(paper.Empirical, "CS(F) of LP-FT stays above FT's, in and out of distribution", paper.Less, pairs(rows, study.FT, study.LPFT, csOf), paper.CSOfFTShifted),
		paper.C8(pairs(rows, study.FT, study.LPFT, scoreOf)),
	})
}
