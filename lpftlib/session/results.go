package session

import (
	"fmt"
	"slices"

	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
)

// Runs reads the measures of all runs there are in a store, whatever session made them, in the
// order of tasks, methods, scalings and seeds. Of several in one setting, as a raised version of a step leaves them, the
// newest counts. A run that cannot be trusted is left out and among the errors.
func Runs(st *store.Store) ([]study.Measures, []error) {
	runs, bad := storedRuns(st)
	var rows []study.Measures
	unread, replaced := 0, 0
	for _, r := range runs {
		switch {
		case r.old != "" && r.measures == nil:
			unread++
		case r.old != "":
			replaced++
		default:
			rows = append(rows, *r.measures)
		}
	}
	if unread > 0 {
		bad = append(bad, fmt.Errorf("%d runs that another version of lpft measured: lpft run makes them anew", unread))
	}
	if replaced > 0 {
		bad = append(bad, fmt.Errorf("%d runs that newer ones in the same setting replace: lpft store log names them", replaced))
	}
	slices.SortStableFunc(rows, study.CompareRuns)
	return rows, bad
}
