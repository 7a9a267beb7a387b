package study

import (
	"fmt"
	"strings"
)

// TemperatureNote names the runs whose published temperature is no minimiser, "" where there are none: the search ended at its
// limit of steps, or the likelihood has no maximum, because all validation rows are right or predictions are worse than chance. The
// exact minimiser, which is beside it, knows no limit.
func TemperatureNote(rows []Measures) string {
	var limit, bound []string
	for i := range rows {
		r := &rows[i]
		if r.Published == nil {
			continue
		}
		name := fmt.Sprintf("%s (T = %.3g)", r.Spec, r.Published.Temperature.T)
		switch {
		case r.Published.Temperature.AtLimit:
			limit = append(limit, name)
		case r.Published.Temperature.AtBound || (r.Exact != nil && r.Exact.Temperature.AtBound):
			bound = append(bound, name)
		}
	}
	var parts []string
	if limit != nil {
		parts = append(parts, "The published search of T ended at its limit of steps: "+strings.Join(limit, "; ")+".")
	}
	if bound != nil {
		parts = append(parts, "The validation rows have no best T: "+strings.Join(bound, "; ")+".")
	}
	return strings.Join(parts, " ")
}
