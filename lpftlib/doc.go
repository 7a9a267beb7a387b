// Package lpftlib is the one import of a notebook: short verbs over all of lpft, and the
// helpers that show results.
//
// A GoNB cell is a program of its own: it shares declarations with the cells before it and
// nothing else. So each cell opens the study again, which is cheap, and asks for what it
// wants; what was computed before comes from disk.
//
//	import "lpft/lpftlib"
//
//	var params = lpftlib.Params{Profile: "demo", Seeds: []uint64{1001}}
//
//	%%
//	s := lpftlib.Open(params)
//	s.EachRun(func(task string, seed uint64) { s.ShowProbe(task, seed) })
//
// Verbs of a [Session] do not return errors: a failing one prints one line and ends the cell
// with exit status 1, which Jupyter shows as the cell's error. Programs that want errors use
// the packages below, lpftlib/study first.
package lpftlib
