package items

import (
	"context"
	"fmt"
	"strings"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
	"lpft/lpftlib/tables"
)

// Table 6 gives every method a batch and a learning rate of its own, so Tables 1 and 12 compare methods that differ in more than
// the head they start from. Where the profile asks for it, each method is also trained at its rival's.

// controlled is [tableRuns] with that control.
type controlled struct{ tableRuns }

// controlledRows are a table's rows and the control's cells, none where the profile has no control.
type controlledRows struct {
	rows    []study.Measures
	control []study.Control
}

func (t controlled) needs(ctx context.Context, s *session.Session) ([]session.Planned, error) {
	steps, err := t.tableRuns.needs(ctx, s)
	if err != nil {
		return nil, err
	}
	err = t.eachControl(ctx, s, func(id string, seed uint64) error {
		more, err := s.PlanEqualRates(ctx, study.Spec{Task: id, Seed: seed}, s.Profile.Methods)
		steps = append(steps, more...)
		return err
	})
	return steps, err
}

func (t controlled) rows(ctx context.Context, s *session.Session) (out controlledRows, err error) {
	if out.rows, err = t.tableRuns.rows(ctx, s); err != nil {
		return out, err
	}
	err = t.eachControl(ctx, s, func(id string, seed uint64) error {
		cells, err := s.EqualRates(ctx, study.Spec{Task: id, Seed: seed}, s.Profile.Methods)
		out.control = append(out.control, cells...)
		return err
	})
	return out, err
}

// recipe is a table's with the control below it: the table and the statements are of the table's own rows.
func (t controlled) recipe(table func(*Facts, []study.Measures) report.Table, judge func([]study.Measures) []paper.Claim) recipe[controlledRows] {
	view := func(f *Facts, data controlledRows) (View, error) {
		control, err := controlTables(f, data.control)
		return View{Tables: append([]report.Table{table(f, data.rows)}, control...)}, err
	}
	return recipe[controlledRows]{needs: t.needs, data: t.rows, view: view,
		judge: func(data controlledRows) []paper.Claim {
			return append(judge(data.rows), controlClaims(data.control)...)
		}}
}

// eachControl calls f for every task and seed of the table.
func (t controlled) eachControl(ctx context.Context, s *session.Session, f func(id string, seed uint64) error) error {
	ids, err := t.tasks(ctx, s)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, seed := range s.Profile.Seeds {
			if err := f(id, seed); err != nil {
				return err
			}
		}
	}
	return nil
}

// rateColumns say what else differs between the methods of a table.
var rateColumns = []tables.Column{tables.PrintedIn(study.Batch), tables.PrintedIn(study.LearningRate)}

// controlClaims judge whether the head at the start, and not the rate, keeps features in place.
func controlClaims(cells []study.Control) []paper.Claim {
	if len(cells) == 0 {
		return nil
	}
	return study.EqualRateClaims(cells)
}

// controlMetrics are the control's columns.
var controlMetrics = []study.Metric{study.Diff, study.CS, study.NormC, study.TestScore}

// controlTables lay the control out, a row for each method at each pair of batch and rate; no table without a control.
func controlTables(f *Facts, cells []study.Control) ([]report.Table, error) {
	rows, err := study.ControlAverages(cells)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var tasks []string
	t := report.Table{Columns: []string{"batch and rate of", "batch", "learning rate", "summed over an epoch"}}
	for _, m := range controlMetrics {
		t.Columns = append(t.Columns, m.Title)
	}
	for _, r := range rows {
		var of []string
		for _, m := range r.RatesOf {
			of = append(of, m.Title())
		}
		row := report.Row{Dataset: r.Task, Method: r.Method.Title(), Cells: []report.Cell{{Ours: strings.Join(of, ", ")}, {Ours: fmt.Sprint(r.Rates.Batch)},
			{Ours: report.Fixed(r.Rates.LearningRate, 3)}, {Ours: report.Fixed(r.RateSum, 3)}}}
		for _, m := range controlMetrics {
			row.Cells = append(row.Cells, tables.SpreadCell(r.Metrics[m.Name], m.Digits))
		}
		t.Rows = append(t.Rows, row)
		tasks = append(tasks, r.Task)
	}
	t.Caption = "Control: each method at its own batch and learning rate and at its rival's. Rows of one task with the same batch and rate differ in the head at the start only. " + f.footer(distinct(tasks)...)
	return []report.Table{t}, nil
}
