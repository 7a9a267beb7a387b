package task

// Table7Row is one line of the paper's Table 7 (dataset statistics).
type Table7Row struct {
	ID, Suite, Name, Kind string
	Classes               int
	Printed               Counts // as in the paper
	PrintedUnit           string // what it counts: "rows" or "abstracts"
	Real                  *Counts
	Source                string // where the real rows came from, "" where they are not loaded
	Remark                string // why the two differ
}

// Table7 puts real counts beside the printed ones. Rows of data sets that are not
// among loaded have no real counts; those of loaded sets that are not the paper's
// (stand-ins, toy, own) come last, with printed counts of zero.
//
// Where FirstRows cut a data set, the real counts are those of the cut.
func Table7(loaded ...*Data) []Table7Row {
	var rows []Table7Row
	add := func(t *Task, d *Data) {
		r := Table7Row{ID: t.ID, Suite: t.Suite, Name: t.Name, Kind: t.Kind, Classes: len(t.Classes),
			Printed: t.Printed, PrintedUnit: t.PrintedUnit, Remark: t.Remark}
		if d != nil {
			c := d.Counts()
			r.Real, r.Source = &c, d.Source
		}
		rows = append(rows, r)
	}
	rest := map[string]bool{}
	for _, t := range tasks() {
		if t.Printed == (Counts{}) {
			continue
		}
		rest[t.ID] = true
		add(&t, find(loaded, t.ID))
	}
	for _, d := range loaded {
		if !rest[d.Task.ID] {
			add(d.Task, d)
		}
	}
	return rows
}

func find(loaded []*Data, id string) *Data {
	for _, d := range loaded {
		if d.Task.ID == id {
			return d
		}
	}
	return nil
}
