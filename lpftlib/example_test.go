package lpftlib_test

import (
	"lpft/lpftlib"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/study"
)

// How far did LP-FT move the features of CB's test rows? In a notebook the last six lines are a cell. It is compiled and not run: it
// trains a model.
func Example() {
	const seed = 1001
	params := lpftlib.Params{Profile: "demo", Seeds: []uint64{seed}}

	cb := lpftlib.Open(params).Task("cb")
	before := cb.Features("test")                          // φ of the pre-trained model [n, h]
	after := cb.Train(lpftlib.LPFT, seed).Features("test") // φ after LP, then FT
	diff := lpftlib.Must(measure.FeatureDifference(after, before))
	lpftlib.Display(before, diff)
	lpftlib.Display(lpftlib.Table(lpftlib.Open(params).Measures(lpftlib.FT, lpftlib.LPFT), study.CS, study.Diff, study.NormC))
}
