package paper

import "math"

// Miscounted are the cells of Table 7 that the real files cannot meet (known defect 13).
func Miscounted() []Printed {
	var out []Printed
	for _, p := range Cells(7) {
		if realCounts[[2]string{p.Dataset, p.Metric}] {
			out = append(out, p)
		}
	}
	return out
}

// apart is the share by which two printings of one quantity must differ to be worth showing.
const apart = 0.1

// PrintedTwice are quantities that two tables print with values more than a tenth apart (known defect 14): the cell of Table 1
// or 11 and that of Table 12 or 13.
func PrintedTwice() [][2]Printed {
	var out [][2]Printed
	for _, table := range []int{1, 11} {
		for _, p := range Cells(table) {
			q, ok := twinOf(p)
			if ok && math.Abs(p.Mean-q.Mean) > apart*math.Abs(p.Mean) {
				out = append(out, [2]Printed{p, q})
			}
		}
	}
	return out
}

// ShrinkingHeads is the share of Table 13's sets on which FT's ‖V‖ is printed below the random head's (known defect 24).
func ShrinkingHeads() float64 {
	falls, n := 0, 0
	for _, p := range Cells(13) {
		if start, ok := Lookup(13, p.Dataset, "pretrained", "norm_c"); p.Method == "ft" && ok {
			n++
			if p.Mean < start.Mean {
				falls++
			}
		}
	}
	return float64(falls) / float64(n)
}
