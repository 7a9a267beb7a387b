package items

import (
	"fmt"
	"slices"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
)

// Claims judges those of the paper's claims that runs decide by themselves: C1, C2, C3, C7 and
// C8. A pair is one data set with one seed in one setting; a curve of C3 is one method with one
// seed over the norms there are.
func Claims(rows []study.Measures) []paper.Claim {
	own := func(m study.Measures) bool { return m.Task == m.TestSet && m.Split == "test" }
	anywhere := func(m study.Measures) bool { return m.Split == "test" }
	return []paper.Claim{
		paper.C1(pairsOf(rows, anywhere, study.LPFT, study.FT, study.Diff)),
		paper.C2(pairsOf(rows, own, study.LP, study.FT, study.NormC)),
		paper.C3(curvesOf(rows)),
		paper.C7(temperaturePairs(rows)),
		paper.C8(pairsOf(rows, own, study.FT, study.LPFT, study.TestScore)),
	}
}

// place is where two methods can be compared: everything but the method and its recipe.
type place struct {
	profile, model, engine, task, data, testSet, testData string
	seed                                                  uint64
}

func placeOf(m study.Measures) place {
	s := m.Setting
	return place{s.Profile, s.Model, s.Engine, m.Task, s.Data, m.TestSet, s.TestData, m.Seed}
}

func (p place) String() string { return fmt.Sprintf("%s seed %d", p.testSet, p.seed) }

// pairsOf compares two methods, unscaled, wherever both were measured.
func pairsOf(rows []study.Measures, wanted func(study.Measures) bool, a, b study.Method, of study.Metric) []paper.Pair {
	first := map[place]study.Measures{}
	for _, r := range rows {
		if r.Method == a && r.Scaling == (study.Scaling{}) && wanted(r) {
			first[placeOf(r)] = r
		}
	}
	var out []paper.Pair
	for _, r := range rows {
		if r.Method != b || r.Scaling != (study.Scaling{}) || !wanted(r) {
			continue
		}
		if other, ok := first[placeOf(r)]; ok {
			out = append(out, paper.Pair{Name: placeOf(r).String(), A: of.Of(&other), B: of.Of(&r)})
		}
	}
	return out
}

// temperaturePairs are LP-FT's ECE with and without temperature scaling.
func temperaturePairs(rows []study.Measures) []paper.Pair {
	var out []paper.Pair
	for _, r := range rows {
		if r.Method == study.LPFT && r.Task == r.TestSet && r.Split == "test" && r.Scaling == (study.Scaling{}) && r.Published != nil {
			out = append(out, paper.Pair{Name: placeOf(r).String(), A: r.Published.ECE, B: r.ECE})
		}
	}
	return out
}

// curvesOf are Diff(F) over the norms that the head was scaled to.
func curvesOf(rows []study.Measures) []paper.Curve {
	type line struct {
		place
		method  study.Method
		reading string
	}
	var order []line
	curves := map[line]*paper.Curve{}
	for _, r := range rows { // in the order of norms
		if r.Scaling == (study.Scaling{}) || r.Split != "test" {
			continue
		}
		key := line{placeOf(r), r.Method, r.Scaling.Reading}
		if curves[key] == nil {
			order = append(order, key)
			curves[key] = &paper.Curve{Name: fmt.Sprintf("%s %s", r.Method.Title(), key.place)}
		}
		curves[key].Norms = append(curves[key].Norms, r.Scaling.Norm)
		curves[key].Diff = append(curves[key].Diff, r.Diff)
	}
	var out []paper.Curve
	for _, key := range order {
		out = append(out, *curves[key])
	}
	return out
}

// Once keeps of claims that several items decide the one with the most cases, at its first place.
func Once(claims []paper.Claim) []paper.Claim {
	var out []paper.Claim
	at := map[string]int{}
	for _, c := range claims {
		name := c.ID
		if name == "" {
			name = c.Text
		}
		i, seen := at[name]
		switch {
		case !seen:
			at[name] = len(out)
			out = append(out, c)
		case c.N > out[i].N:
			out[i] = c
		}
	}
	return out
}

// pairs compares two methods in one quantity on every test set, seed by seed.
func pairs(rows []study.Measures, a, b study.Method, of study.Metric) []paper.Pair {
	return pairsOf(rows, func(study.Measures) bool { return true }, a, b, of)
}

// own keeps the rows measured on the test set of the training task.
func own(rows []study.Measures) []study.Measures {
	return slices.DeleteFunc(slices.Clone(rows), func(r study.Measures) bool { return r.Task != r.TestSet })
}
