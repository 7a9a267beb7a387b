// Package lpftlib is what a notebook imports: verbs that return values, and one that shows them.
//
// A cell opens the study, takes a task, and asks for what the paper is about: features φ, a linear
// probe V, b, a trained run, a kernel P + F. Each is a value of the package that it comes from, a
// gonum matrix or a struct with exported fields, so that a cell can go on with it:
//
//	import (
//		"lpft/lpftlib"
//		"lpft/lpftlib/measure"
//	)
//
//	const seed = 1001
//	var params = lpftlib.Params{Profile: "demo", Seeds: []uint64{seed}}
//
//	%%
//	cb := lpftlib.Open(params).Task("cb")
//	before := cb.Features("test")                            // φ of the pre-trained model [n, h]
//	after := cb.Train(lpftlib.LPFT, seed).Features("test")   // φ after LP, then FT
//	diff := lpftlib.Must(measure.FeatureDifference(after, before))
//	lpftlib.Display(before, diff)
//
// A cell is a program of its own: it shares declarations with the cells before it and nothing else.
// So each opens the study again, which is cheap; what was computed before comes from disk, and what
// was not a resident worker computes (package worker), with its progress shown here. The cell itself links no engine, so that it
// compiles in a moment. A value of the cell's own goes to later cells by its name:
//
//	lpftlib.Keep("diff", diff)
//	diff := lpftlib.Kept[float64]("diff")   // in another cell
//
// Stop ends a cell at once and cancels what is computed for it; the same cell continues it.
//
// The verbs return no errors: a failing one prints one line and ends the cell, which Jupyter shows as
// the cell's error. Programs that want errors use the packages below, lpftlib/session first.
package lpftlib
