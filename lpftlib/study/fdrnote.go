package study

import (
	"fmt"
	"slices"
	"strings"
)

// FDRNote says of every test set how many rows FDR is computed on, which method's took which inverse, and what pure noise would
// give: "FDR by cb: n = 56, pinv; sst2: n = 872, inverse (FT) and pinv (LP), noise alone gives 0.79."
func FDRNote(rows []Measures) string {
	var sets []string
	by := map[string][]Measures{}
	for _, r := range rows {
		if r.FDR == nil {
			continue
		}
		if by[r.TestSet] == nil {
			sets = append(sets, r.TestSet)
		}
		by[r.TestSet] = append(by[r.TestSet], r)
	}
	var parts []string
	for _, set := range sets {
		text := fmt.Sprintf("%s: n = %d, %s", set, by[set][0].Rows, inverses(by[set]))
		if floor := by[set][0].FDRFloor; floor > 0 {
			text += fmt.Sprintf(", noise alone gives %.2f", floor)
		}
		parts = append(parts, text)
	}
	if parts == nil {
		return ""
	}
	return "FDR by " + strings.Join(parts, "; ") + "."
}

// inverses names the inverse that S_W was given: one for all methods, or each with its methods.
func inverses(rows []Measures) string {
	var kinds []string
	methods := map[string][]string{}
	for _, r := range rows {
		if methods[r.FDRKind] == nil {
			kinds = append(kinds, r.FDRKind)
		}
		if !slices.Contains(methods[r.FDRKind], r.Method.Title()) {
			methods[r.FDRKind] = append(methods[r.FDRKind], r.Method.Title())
		}
	}
	if len(kinds) == 1 {
		return kinds[0]
	}
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%s (%s)", kind, strings.Join(methods[kind], ", "))
	}
	return strings.Join(kinds, " and ")
}
