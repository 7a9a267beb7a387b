package items

import (
	"slices"
	"strings"

	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/lpftlib/tables"
)

// MeasuredTable lays rows out, mean over seeds, with the printed number beside each.
func MeasuredTable(f *Facts, rows []study.Measures, columns []tables.Column, caption string) report.Table {
	return tables.Compared(rows, columns, strings.TrimSpace(caption+" Mean over seeds (± sample deviation). "+f.footer(tasksOf(rows)...)), f.setting)
}

// tasksOf are the tasks that rows were trained or measured on.
func tasksOf(rows []study.Measures) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Task, r.TestSet)
	}
	return distinct(out)
}

// distinct keeps the first of equal names.
func distinct(names []string) (out []string) {
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
