// Package study is what the paper runs, as data: tasks, methods, seeds and hyperparameters in [Profile]s, one run in a
// [Spec], and what is measured in [Measures]. Package session computes it; what only reads, judges or draws
// results needs no engine.
//
// A profile is a small JSON file of differences from profiles/paper.json, the paper's own
// setting; a key that is not known is an error.
//
//	p, err := study.LoadProfile("demo")
//	run := study.Spec{Task: "cb", Method: study.LPFT, Seed: p.Seeds[0]}
//
// Runs over seeds become means with [Averages].
package study
