package lpftlib

import (
	"context"
	"fmt"
	"math"
	"strings"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// BuildTable1 is Table 1 of the paper: changes in features and classifier norms.
func BuildTable1(ctx context.Context, s *study.Session) (*Built, error) {
	rows, err := s.Table1(ctx)
	if err != nil {
		return nil, err
	}
	table, err := table1(ctx, s, rows)
	if err != nil {
		return nil, err
	}
	list, err := provenance(ctx, s)
	if err != nil {
		return nil, err
	}
	return &Built{
		Item: report.Item{
			ID: "table1", Title: "Table 1: features and classifier norms",
			PaperClaim: "LP-FT changes the features less than FT does, keeps them as similar to each other as they were before, and its classifier's norm is far larger.",
			Tables:     []report.Table{*table}, Provenance: list,
		},
		Claims: table1Claims(s, rows),
	}, nil
}

// column is one measured column of Table 1.
type column struct {
	name   string
	metric string // the paper's name of it, and the table that prints it
	table  int
	value  func(study.Measures) float64
	digits int
}

var table1Columns = []column{
	{"CS(F)", "cs_f", 1, func(r study.Measures) float64 { return r.CS }, 3},
	{"Diff(F)", "diff_f", 1, func(r study.Measures) float64 { return r.Diff }, 2},
	{"FDR(F)", "fdr_f", 1, fdrOf, 2},
	{"Norm(C)", "norm_c", 1, func(r study.Measures) float64 { return r.NormC }, 3},
	{"test score", "accuracy", 8, func(r study.Measures) float64 { return r.Score }, 1},
}

// fdrOf is FDR(F), not a number where it is undefined.
func fdrOf(r study.Measures) float64 {
	if r.FDR == nil {
		return math.NaN()
	}
	return *r.FDR
}

// group identifies rows that differ by the seed only.
type group struct {
	testSet string
	method  study.Method
}

// grouped collects rows by test set and method, in the order of their first appearance.
func grouped(rows []study.Measures) (order []group, by map[group][]study.Measures) {
	by = map[group][]study.Measures{}
	for _, r := range rows {
		g := group{r.TestSet, r.Method}
		if by[g] == nil {
			order = append(order, g)
		}
		by[g] = append(by[g], r)
	}
	return order, by
}

// table1 lays the rows out, mean over seeds, with the printed number beside each.
func table1(ctx context.Context, s *study.Session, rows []study.Measures) (*report.Table, error) {
	text, err := footer(ctx, s)
	if err != nil {
		return nil, err
	}
	t := &report.Table{Caption: "Measured on the test set, seed by seed, mean (± sample deviation). " + fdrCaption(rows) + " " + text}
	for _, c := range table1Columns {
		t.Columns = append(t.Columns, c.name)
	}
	order, by := grouped(rows)
	for _, g := range order {
		set, err := setting(ctx, s, g.testSet)
		if err != nil {
			return nil, err
		}
		row := report.Row{Dataset: g.testSet, Method: g.method.Title()}
		for _, c := range table1Columns {
			row.Cells = append(row.Cells, c.cell(g, by[g], set))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// fdrCaption says which inverse FDR took and what pure noise would give.
func fdrCaption(rows []study.Measures) string {
	var parts []string
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.TestSet] {
			continue
		}
		seen[r.TestSet] = true
		text := fmt.Sprintf("%s: n = %d, %s", r.TestSet, r.Rows, r.FDRKind)
		if r.FDRFloor > 0 {
			text += fmt.Sprintf(", noise alone gives %.2f", r.FDRFloor)
		}
		parts = append(parts, text)
	}
	return "FDR by " + strings.Join(parts, "; ") + "."
}

// cell is the mean over seeds beside the printed number.
func (c column) cell(g group, rows []study.Measures, set paper.Setting) report.Cell {
	values := make([]float64, len(rows))
	for i, r := range rows {
		values[i] = c.value(r)
	}
	spread, err := measure.Summarise(values)
	if err != nil {
		return report.Cell{Ours: "not a number", Reason: err.Error()}
	}
	cell := report.Cell{Ours: fmt.Sprintf("%.*f", c.digits, spread.Mean)}
	if spread.N > 1 {
		cell.Ours += fmt.Sprintf(" ± %.*f", c.digits, spread.Std)
	}
	if c.metric == "diff_f" && (g.method == study.Pretrained || g.method == study.LP) {
		cell.Ours = "-" // the same encoder: nothing to compare
		return cell
	}
	printed, ok := paper.Lookup(c.table, g.testSet, string(g.method), c.metric)
	if !ok {
		return cell
	}
	j := paper.Judge(printed, paper.Measured{Mean: spread.Mean, Std: spread.Std, Seeds: spread.N}, set)
	cell.Paper, cell.Verdict, cell.Reason = printed.Text, j.Verdict, j.Reason
	if !math.IsNaN(j.Difference) {
		cell.Difference = fmt.Sprintf("%+.*f", c.digits, j.Difference)
	}
	return cell
}

// pairs compares two methods in one quantity on every test set, seed by seed.
func pairs(rows []study.Measures, a, b study.Method, value func(study.Measures) float64) []paper.Pair {
	_, by := grouped(rows)
	var out []paper.Pair
	for _, r := range rows {
		if r.Method != b {
			continue
		}
		for _, other := range by[group{r.TestSet, a}] {
			if other.Seed == r.Seed {
				out = append(out, paper.Pair{Name: fmt.Sprintf("%s seed %d", r.TestSet, r.Seed), A: value(other), B: value(r)})
			}
		}
	}
	return out
}

// own keeps the rows measured on the test set of the training task.
func own(rows []study.Measures) []study.Measures {
	var out []study.Measures
	for _, r := range rows {
		if r.Task == r.TestSet {
			out = append(out, r)
		}
	}
	return out
}

// table1Claims judges the orderings that hold whatever the model: C1, C2, C8 and those of
// CS and FDR (protocol 15.1, item 1).
func table1Claims(s *study.Session, rows []study.Measures) []paper.Claim {
	diff := func(r study.Measures) float64 { return r.Diff }
	norm := func(r study.Measures) float64 { return r.NormC }
	score := func(r study.Measures) float64 { return r.Score }
	cs := func(r study.Measures) float64 { return r.CS }
	mine := own(rows)
	claims := []paper.Claim{
		paper.C1(pairs(rows, study.LPFT, study.FT, diff)),
		paper.C2(pairs(mine, study.LP, study.FT, norm)),
		paper.C8(pairs(mine, study.FT, study.LPFT, score)),
		paper.Order("CS(F) of LP-FT stays above FT's", pairs(rows, study.FT, study.LPFT, cs)),
		paper.Order("FDR(F) of LP-FT is below FT's", pairs(mine, study.LPFT, study.FT, fdrOf)),
	}
	if shifted := shiftedPairs(rows); len(shifted) > 0 {
		claims = append(claims, paper.Order("the shifted test set is harder than the task's own", shifted))
	}
	return claims
}

// shiftedPairs compares each trained model's score on a shifted test set with that on its own.
func shiftedPairs(rows []study.Measures) []paper.Pair {
	var out []paper.Pair
	for _, r := range rows {
		for _, o := range rows {
			if r.TestSet != r.Task && o.TestSet == r.Task && o.Method == r.Method && o.Seed == r.Seed && r.Method != study.Pretrained {
				out = append(out, paper.Pair{Name: fmt.Sprintf("%s %s seed %d", r.Method.Title(), r.TestSet, r.Seed), A: r.Score, B: o.Score})
			}
		}
	}
	return out
}

// ShowTable1 shows Table 1 with the paper's numbers beside ours.
func (s *Session) ShowTable1() {
	built := must(BuildTable1(s.ctx, s.Session))
	for _, t := range built.Item.Tables {
		HTML(must(t.HTML()))
	}
}

// ShowTable1Verdict shows which of the paper's claims Table 1 bears out.
func (s *Session) ShowTable1Verdict() { s.showClaims(must(BuildTable1(s.ctx, s.Session)).Claims) }
