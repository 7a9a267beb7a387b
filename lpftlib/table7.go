package lpftlib

import (
	"context"
	"fmt"
	"math"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// BuildTable7 is Table 7: rows and classes of the data sets, real beside printed. It reads every
// data set there is, whole, whatever the profile runs.
func BuildTable7(ctx context.Context, s *study.Session) (*Built, error) {
	var loaded []*task.Data
	missing := map[string]string{}
	for _, id := range task.IDs() {
		d, err := s.WholeData(ctx, id)
		switch {
		case err == nil:
			loaded = append(loaded, d)
		case task.IsAbsent(err):
			missing[id] = err.Error()
		default:
			return nil, err
		}
	}
	t := report.Table{Caption: "Rows of each split as loaded (nothing cut) beside Table 7, which counts PubMed in abstracts.",
		Columns: []string{"suite", "task", "classes", "train", "validation", "test", "from"}}
	var classes []paper.Pair
	for _, r := range task.Table7(loaded...) {
		row, same := table7Row(r, missing[r.ID])
		t.Rows = append(t.Rows, row)
		if r.Printed != (task.Counts{}) {
			classes = append(classes, same)
		}
	}
	return built(ctx, s, "table7", []report.Table{t}, nil,
		[]paper.Claim{paper.Judged(paper.Check, "every data set has the printed number of classes", paper.Equal, classes)})
}

func table7Row(r task.Table7Row, missing string) (report.Row, paper.Pair) {
	row := report.Row{Dataset: r.ID}
	cell := func(metric string, ours *int) report.Cell {
		c := report.Cell{Ours: "not loaded", Reason: missing}
		printed, ok := paper.Lookup(7, r.ID, "", metric)
		if ok {
			c.Paper = printed.Text
		}
		if ours == nil {
			return c
		}
		c.Ours = fmt.Sprint(*ours)
		if ok {
			j := paper.Judge(printed, paper.Measured{Mean: float64(*ours), Seeds: 1}, paper.Setting{Model: paper.Model})
			c.Verdict, c.Reason = j.Verdict, j.Reason
		} else if r.Remark != "" {
			c.Reason = r.Remark
		}
		return c
	}
	var train, val, test *int
	if r.Real != nil {
		train, val, test = &r.Real.Train, &r.Real.Val, &r.Real.Test
	}
	source := r.Source
	if source == "" {
		source = missing
	}
	count := cell("n_classes", &r.Classes)
	row.Cells = []report.Cell{{Ours: r.Suite}, {Ours: r.Kind}, count, cell("n_train", train), cell("n_val", val), cell("n_test", test), {Ours: source}}
	printed, ok := paper.Lookup(7, r.ID, "", "n_classes")
	if !ok {
		return row, paper.Pair{Name: r.ID, A: float64(r.Classes), B: math.NaN()}
	}
	return row, paper.Pair{Name: r.ID, A: float64(r.Classes), B: printed.Mean}
}
