package lpftlib

import (
	"context"
	"fmt"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// featureColumns are the columns of Tables 1 and 11.
var featureColumns = []column{
	of("CS(F)", "cs_f", 1, 11), of("Diff(F)", "diff_f", 1, 11), of("FDR(F)", "fdr_f", 1, 11), of("Norm(C)", "norm_c", 1, 11),
	{"test score", "accuracy", []int{8, 10}, scoreOf, 1},
}

// BuildTable1 is Table 1 of the paper: changes in features and classifier norms.
func BuildTable1(ctx context.Context, s *study.Session) (*Built, error) {
	rows, err := measuresOfAll(ctx, s, true)
	if err != nil {
		return nil, err
	}
	table, err := measuredTable(ctx, s, rows, featureColumns, "Measured on the test set. "+fdrCaption(rows))
	if err != nil {
		return nil, err
	}
	return built(ctx, s, "table1", []report.Table{*table}, nil, table1Claims(rows))
}

// table1Claims judges the orderings that hold whatever the model: C1, C2, C8 and those of
// CS and FDR (docs/protocol.md, Orderings).
func table1Claims(rows []study.Measures) []paper.Claim {
	mine := own(rows)
	claims := []paper.Claim{
		paper.C1(pairs(rows, study.LPFT, study.FT, diffOf)),
		paper.C2(pairs(mine, study.LP, study.FT, normOf)),
		paper.C8(pairs(mine, study.FT, study.LPFT, scoreOf)),
		paper.AsInPrint(paper.Empirical, "CS(F) of LP-FT stays above FT's", paper.Less, pairs(rows, study.FT, study.LPFT, csOf), paper.CSOfFT),
		paper.AsInPrint(paper.Empirical, "FDR(F) of LP-FT is below FT's", paper.Less, pairs(mine, study.LPFT, study.FT, fdrOf), paper.FDROfFT),
	}
	if low := pairs(rows, study.LPLoRA, study.LoRA, diffOf); len(low) > 0 {
		claims = append(claims, paper.AsInPrint(paper.Empirical, "Diff(F) of LP-LoRA is below LoRA's", paper.Less, low, paper.DiffOfLoRA),
			paper.AsInPrint(paper.Empirical, "CS(F) of LP-LoRA stays above LoRA's", paper.Less, pairs(rows, study.LoRA, study.LPLoRA, csOf), paper.CSOfLoRA))
	}
	if shifted := shiftedPairs(rows); len(shifted) > 0 {
		claims = append(claims, paper.Judged(paper.Ordering, "the shifted test set is harder than the task's own", paper.Less, shifted))
	}
	return claims
}

// shiftedPairs compares each trained model's score on a shifted test set with that on its own.
func shiftedPairs(rows []study.Measures) []paper.Pair {
	var out []paper.Pair
	for _, r := range rows {
		for _, o := range rows {
			if r.TestSet != r.Task && o.Task == r.Task && o.TestSet == r.Task && o.Method == r.Method && o.Seed == r.Seed && r.Method != study.Pretrained {
				out = append(out, paper.Pair{Name: fmt.Sprintf("%s %s seed %d", r.Method.Title(), r.TestSet, r.Seed), A: r.Score, B: o.Score})
			}
		}
	}
	return out
}
