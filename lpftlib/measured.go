package lpftlib

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// column is one measured column of a table: a number of every run, and where the paper prints it.
type column struct {
	name   string
	metric string // the paper's name of it
	tables []int  // that print it; the first that has the cell counts
	value  func(*study.Measures) float64
	digits int
}

// of is a column whose number `lpft results` knows by name.
func of(name, metric string, tables ...int) column {
	for _, m := range study.Metrics() {
		if m.Name == metric {
			return column{name, metric, tables, m.Of, m.Digits}
		}
	}
	panic("lpftlib: no metric " + metric) // a name in this package's source
}

// measuresOf measures the profile's methods on tasks, seed by seed, on their own test sets and,
// where shifted is true, on those that the profile names besides.
func measuresOf(ctx context.Context, s *study.Session, ids []string, shifted bool) ([]study.Measures, error) {
	var rows []study.Measures
	for _, id := range ids {
		sets := []string{id}
		if shifted {
			var err error
			if sets, err = s.TestSets(ctx, id); err != nil {
				return nil, err
			}
		}
		for _, set := range sets {
			for _, m := range s.Profile.Methods {
				for _, seed := range s.Profile.Seeds {
					row, err := s.MeasureOn(ctx, study.Spec{Task: id, Method: m, Seed: seed}, set, "test")
					if err != nil {
						return nil, err
					}
					rows = append(rows, *row)
				}
			}
		}
	}
	return rows, nil
}

// measuresOfAll is measuresOf on all tasks of the session.
func measuresOfAll(ctx context.Context, s *study.Session, shifted bool) ([]study.Measures, error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	return measuresOf(ctx, s, ids, shifted)
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

// tasksOf are the tasks that rows were trained or measured on.
func tasksOf(rows []study.Measures) []string {
	var out []string
	for _, r := range rows {
		for _, id := range []string{r.Task, r.TestSet} {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// measuredTable lays rows out, mean over seeds, with the printed number beside each.
func measuredTable(ctx context.Context, s *study.Session, rows []study.Measures, columns []column, caption string) (*report.Table, error) {
	text, err := footer(ctx, s, tasksOf(rows)...)
	if err != nil {
		return nil, err
	}
	t := &report.Table{Caption: strings.TrimSpace(caption + " Mean over seeds (± sample deviation). " + text)}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.name)
	}
	order, by := grouped(rows)
	for _, g := range order {
		set, err := setting(ctx, s, g.testSet)
		if err != nil {
			return nil, err
		}
		row := report.Row{Dataset: g.testSet, Method: g.method.Title()}
		for _, c := range columns {
			row.Cells = append(row.Cells, c.cell(g, by, columns, set))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// cell is the mean over seeds beside the printed number. The other rows and columns say whether the printed
// orderings hold.
func (c column) cell(g group, by map[group][]study.Measures, columns []column, set paper.Setting) report.Cell {
	if c.metric == "diff_f" && (g.method == study.Pretrained || g.method == study.LP) {
		return report.Cell{Ours: "-"} // the same encoder: nothing to compare
	}
	spread, err := c.spread(by[g])
	if err != nil {
		return report.Cell{Ours: "undefined", Reason: err.Error()}
	}
	cell := report.Cell{Ours: fmt.Sprintf("%.*f", c.digits, spread.Mean)}
	if spread.N > 1 {
		cell.Ours += fmt.Sprintf(" ± %.*f", c.digits, spread.Std)
	}
	printed, ok := c.printed(g)
	if !ok {
		return cell
	}
	set.Trend, set.Orderings = paper.TrendOf(printed, spread.Mean, func(q paper.Printed) (float64, bool) {
		return numberOf(q, g.testSet, by, columns)
	})
	j := paper.Judge(printed, paper.Measured{Mean: spread.Mean, Std: spread.Std, Seeds: spread.N}, set)
	cell.Paper, cell.Verdict, cell.Reason = printed.Value(), j.Verdict, j.Reason
	if !math.IsNaN(j.Difference) {
		cell.Difference = signed(j.Difference, c.digits)
	}
	return cell
}

// signed writes a difference with the column's digits, and large ones with three figures.
func signed(v float64, digits int) string {
	if math.Abs(v) >= 1e5 {
		return fmt.Sprintf("%+.2e", v)
	}
	return fmt.Sprintf("%+.*f", digits, v)
}

// spread is the column's mean and deviation over rows that differ by the seed.
func (c column) spread(rows []study.Measures) (measure.Spread, error) {
	values := make([]float64, len(rows))
	for i := range rows {
		if values[i] = c.value(&rows[i]); math.IsNaN(values[i]) {
			return measure.Spread{}, fmt.Errorf("%s is undefined with seed %d", c.name, rows[i].Seed)
		}
	}
	return measure.Summarise(values)
}

// numberOf is our number for another printed cell of the same data set, if it is in the table.
func numberOf(q paper.Printed, testSet string, by map[group][]study.Measures, columns []column) (float64, bool) {
	rows := by[group{testSet, study.Method(q.Method)}]
	for _, c := range columns {
		if c.metric == q.Metric && len(rows) > 0 {
			spread, err := c.spread(rows)
			return spread.Mean, err == nil
		}
	}
	return 0, false
}

// printed finds the paper's cell. A stand-in's numbers stand beside those of what it stands in
// for; the verdict then says that they are no target.
func (c column) printed(g group) (paper.Printed, bool) {
	dataset := strings.TrimSuffix(g.testSet, "-standin")
	for _, table := range c.tables {
		if p, ok := paper.Lookup(table, dataset, string(g.method), c.metric); ok {
			return p, true
		}
	}
	return paper.Printed{}, false
}

// pairs compares two methods in one quantity on every test set, seed by seed.
func pairs(rows []study.Measures, a, b study.Method, value func(*study.Measures) float64) []paper.Pair {
	return pairsOf(rows, func(study.Measures) bool { return true }, a, b, value)
}

// own keeps the rows measured on the test set of the training task.
func own(rows []study.Measures) []study.Measures {
	return slices.DeleteFunc(slices.Clone(rows), func(r study.Measures) bool { return r.Task != r.TestSet })
}

// fdrCaption says which inverse FDR took and what pure noise would give.
func fdrCaption(rows []study.Measures) string { return study.FDRNote(rows) }

// numbers that claims are made of.
var (
	diffOf  = of("", "diff_f").value
	csOf    = of("", "cs_f").value
	fdrOf   = of("", "fdr_f").value
	normOf  = of("", "norm_c").value
	scoreOf = of("", "score").value
)

// improvement is what temperature scaling takes off a calibration error, in percentage points.
func improvement(without func(study.Calibration) float64) func(*study.Measures) float64 {
	return func(m *study.Measures) float64 {
		if m.Published == nil {
			return math.NaN()
		}
		return without(m.Calibration) - without(m.Published.Calibration)
	}
}

// tasksWhere are the session's tasks that a table is about.
func tasksWhere(ctx context.Context, s *study.Session, wanted func(id string) bool) ([]string, error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !wanted(id) }), nil
}
