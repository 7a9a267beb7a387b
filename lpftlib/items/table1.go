package items

import (
	"fmt"
	"slices"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/lpftlib/tables"
)

// table1 is Table 1 of the paper: changes in features and classifier norms.
func table1() Item {
	return controlled{tableRuns{shifted: true}}.recipe(table1Table, table1Claims).item(Item{
		ID: "table1", Covers: []string{"table1"}, Title: "Table 1: features and classifier norms",
		Claim:    "LP-FT changes the features less than FT does, keeps them as similar to each other as they were before, and its classifier's norm is far larger.",
		Notebook: "table01_features.ipynb",
	})
}

// featureColumns are the columns of Tables 1 and 11.
var featureColumns = []tables.Column{tables.PrintedIn(study.CS, 1, 11), tables.PrintedIn(study.Diff, 1, 11), tables.PrintedIn(study.FDR, 1, 11), tables.PrintedIn(study.NormC, 1, 11)}

// scoreBesides is the score under the name by which Tables 8 and 10 print it.
var scoreBesides = tables.PrintedIn(study.Metric{Name: "accuracy", Title: "test score", Digits: 1, Of: study.TestScore.Of}, 8, 10)

func table1Table(f *Facts, rows []study.Measures) report.Table {
	columns := slices.Concat(featureColumns, []tables.Column{scoreBesides}, rateColumns)
	return MeasuredTable(f, rows, columns, "Measured on the test set. "+study.FDRNote(rows))
}

// table1Claims judges the orderings that hold whatever the model: C1, C2, C8 and those of
// CS and FDR (docs/protocol.md, Orderings).
func table1Claims(rows []study.Measures) []paper.Claim {
	mine := own(rows)
	claims := []paper.Claim{
		paper.C1(pairs(rows, study.LPFT, study.FT, study.Diff)),
		paper.C2(pairs(mine, study.LP, study.FT, study.NormC)),
		paper.C8(pairs(mine, study.FT, study.LPFT, study.TestScore)),
		paper.AsInPrint(paper.Empirical, "CS(F) of LP-FT stays above FT's", paper.Less, pairs(rows, study.FT, study.LPFT, study.CS), paper.CSOfFT),
		paper.AsInPrint(paper.Empirical, "FDR(F) of LP-FT is below FT's", paper.Less, pairs(mine, study.LPFT, study.FT, study.FDR), paper.FDROfFT),
	}
	if low := pairs(rows, study.LPLoRA, study.LoRA, study.Diff); len(low) > 0 {
		claims = append(claims, paper.AsInPrint(paper.Empirical, "Diff(F) of LP-LoRA is below LoRA's", paper.Less, low, paper.DiffOfLoRA),
			paper.AsInPrint(paper.Empirical, "CS(F) of LP-LoRA stays above LoRA's", paper.Less, pairs(rows, study.LoRA, study.LPLoRA, study.CS), paper.CSOfLoRA))
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
