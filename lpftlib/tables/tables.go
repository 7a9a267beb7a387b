// Package tables lays measures of runs out as tables: a metric a column, a test set and a method a row, mean over seeds, and
// where the paper prints the number, its number beside ours. [Compared] judges that number, [Plain] does not.
package tables

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
)

// Column is one measured column of a table: a number of every run, and where the paper prints it.
type Column struct {
	study.Metric       // its Name is the paper's name of the metric
	Tables       []int // that print it; the first that has the cell counts
}

// PrintedIn is a metric with the tables that print it.
func PrintedIn(m study.Metric, tables ...int) Column { return Column{m, tables} }

// Titled is a metric under another title.
func Titled(m study.Metric, title string) study.Metric {
	m.Title = title
	return m
}

// Compared lays rows out with the printed number and a verdict beside each; set is what the comparison must know of a test set.
func Compared(rows []study.Measures, columns []Column, caption string, set func(testSet string) paper.Setting) report.Table {
	t := report.Table{Caption: caption}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Title)
	}
	order, by := grouped(rows)
	for _, g := range order {
		row := report.Row{Dataset: g.testSet, Method: g.method.Title()}
		for _, c := range columns {
			row.Cells = append(row.Cells, c.cell(g, by, columns, set(g.testSet)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
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

// ofTheFTStage are metrics that methods without one do not have.
var ofTheFTStage = []string{study.Diff.Name, study.Epoch.Name, study.Batch.Name, study.LearningRate.Name}

// cell is the mean over seeds beside the printed number. The other rows and columns say whether the printed
// orderings hold.
func (c Column) cell(g group, by map[group][]study.Measures, columns []Column, set paper.Setting) report.Cell {
	if (g.method == study.Pretrained || g.method == study.LP) && slices.Contains(ofTheFTStage, c.Name) {
		return report.Cell{Ours: "-"}
	}
	spread, err := c.spread(by[g])
	if err != nil {
		return report.Cell{Ours: "undefined", Reason: err.Error()}
	}
	cell := c.value(by[g])
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
		cell.Difference = report.Signed(j.Difference, min(c.Digits, printed.Decimals()))
	}
	return cell
}

// spread is the column's mean and deviation over rows that differ by the seed.
func (c Column) spread(rows []study.Measures) (measure.Spread, error) {
	values := make([]float64, len(rows))
	for i := range rows {
		if values[i] = c.Of(&rows[i]); math.IsNaN(values[i]) {
			why := cmp.Or(rows[i].Undefined[c.Name], "not measured")
			return measure.Spread{}, fmt.Errorf("%s is undefined with seed %d: %s", c.Title, rows[i].Seed, why)
		}
	}
	return measure.Summarise(values)
}

// numberOf is our number for another printed cell of the same data set, if it is in the table.
func numberOf(q paper.Printed, testSet string, by map[group][]study.Measures, columns []Column) (float64, bool) {
	rows := by[group{testSet, study.Method(q.Method)}]
	for _, c := range columns {
		if c.Name == q.Metric && len(rows) > 0 {
			spread, err := c.spread(rows)
			return spread.Mean, err == nil
		}
	}
	return 0, false
}

// printed finds the paper's cell. A stand-in's numbers stand beside those of what it stands in
// for; the verdict then says that they are no target.
func (c Column) printed(g group) (paper.Printed, bool) {
	dataset := strings.TrimSuffix(g.testSet, "-standin")
	for _, table := range c.Tables {
		if p, ok := paper.Lookup(table, dataset, string(g.method), c.Name); ok {
			return p, true
		}
	}
	return paper.Printed{}, false
}

// Plain lays runs out by metrics without judging them; the paper's number stands beside ours where one of its
// tables of runs prints it.
func Plain(rows []study.Measures, metrics []study.Metric) report.Table {
	t := report.Table{Caption: "Mean over seeds (± sample deviation)."}
	order, by := grouped(rows)
	for _, m := range metrics {
		t.Columns = append(t.Columns, m.Title)
	}
	for _, g := range order {
		row := report.Row{Dataset: g.testSet, Method: g.method.Title()}
		for _, m := range metrics {
			c := Column{m, []int{1, 3, 8, 10, 11, 12, 13, 14, 15, 16}}
			cell := c.value(by[g])
			if printed, ok := c.printed(g); ok {
				cell.Paper = printed.Value()
			}
			row.Cells = append(row.Cells, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// value is the mean over seeds alone.
func (c Column) value(rows []study.Measures) report.Cell {
	spread, err := c.spread(rows)
	if err != nil {
		return report.Cell{Ours: "undefined", Reason: err.Error()}
	}
	return SpreadCell(spread, c.Digits)
}

// SpreadCell is a mean over seeds with its deviation, which one seed does not have.
func SpreadCell(s measure.Spread, digits int) report.Cell {
	cell := report.Cell{Ours: report.Fixed(s.Mean, digits)}
	if s.N > 1 {
		cell.Ours += " ± " + report.Fixed(s.Std, digits)
	}
	return cell
}
