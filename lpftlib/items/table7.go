package items

import (
	"context"
	"fmt"
	"math"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/task"
)

// table7 is Table 7: rows and classes of the data sets, real beside printed. It reads every data set there
// is, whole, whatever the profile runs.
func table7() Item {
	return recipe[catalogue]{needs: noSteps, data: readCatalogue, view: table7View, judge: table7Claims}.item(Item{
		ID: "table7", Covers: []string{"table7"}, Title: "Table 7: data sets", Claim: "Rows and classes of the thirteen data sets.",
		Notebook: "table07_datasets.ipynb",
	})
}

// catalogue are the data sets of Table 7, as far as they are here.
type catalogue struct {
	rows    []task.Table7Row
	missing map[string]string // by id: why a set was not loaded
}

func readCatalogue(ctx context.Context, s *session.Session) (catalogue, error) {
	out := catalogue{missing: map[string]string{}}
	var loaded []*task.Data
	for _, id := range task.IDs() {
		d, err := s.WholeData(ctx, id)
		switch {
		case err == nil:
			loaded = append(loaded, d)
		case task.IsAbsent(err):
			out.missing[id] = err.Error()
		default:
			return out, err
		}
	}
	out.rows = task.Table7(loaded...)
	return out, nil
}

func table7View(_ *Facts, c catalogue) (View, error) {
	t := report.Table{Caption: "Rows of each split as loaded (nothing cut) beside Table 7, which counts PubMed in abstracts.",
		Columns: []string{"suite", "task", "classes", "train", "validation", "test", "from"}}
	for _, r := range c.rows {
		t.Rows = append(t.Rows, table7Row(r, c.missing[r.ID]))
	}
	return View{Tables: []report.Table{t}}, nil
}

func table7Claims(c catalogue) []paper.Claim {
	var classes []paper.Pair
	for _, r := range c.rows {
		if r.Printed == (task.Counts{}) {
			continue
		}
		pair := paper.Pair{Name: r.ID, A: float64(r.Classes), B: math.NaN()}
		if printed, ok := paper.Lookup(7, r.ID, "", "n_classes"); ok {
			pair.B = printed.Mean
		}
		classes = append(classes, pair)
	}
	return []paper.Claim{paper.Judged(paper.Check, "every data set has the printed number of classes", paper.Equal, classes)}
}

func table7Row(r task.Table7Row, missing string) report.Row {
	var train, val, test *int
	if r.Real != nil {
		train, val, test = &r.Real.Train, &r.Real.Val, &r.Real.Test
	}
	source := r.Source
	if source == "" {
		source = "not here"
	}
	return report.Row{Dataset: r.ID, Cells: []report.Cell{{Ours: r.Suite}, {Ours: r.Kind}, countCell(r, "n_classes", &r.Classes, missing),
		countCell(r, "n_train", train, missing), countCell(r, "n_val", val, missing), countCell(r, "n_test", test, missing), {Ours: source, Reason: missing}}}
}

// countCell is a count of ours beside the printed one; missing says why there is none of ours.
func countCell(r task.Table7Row, metric string, ours *int, missing string) report.Cell {
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
