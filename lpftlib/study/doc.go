// Package study is what the paper runs, as data and as steps: tasks, methods, seeds and
// hyperparameters in [Profile]s, and a [Session] whose verbs compute features, probes and
// trained models once and find them on disk ever after.
//
// A profile is a small JSON file of differences from profiles/paper.json, the paper's own
// setting; a key that is not known is an error. A session ties a profile to a model, a data
// folder, a backend and an artefact store:
//
//	s, err := study.Open(ctx, study.Options{Profile: "demo"})
//	lp, err := s.Probe(ctx, "cb", 1001)                 // linear probing
//	run := study.Spec{Task: "cb", Method: study.FT, Seed: 1001}
//	ft, err := s.Train(ctx, run)                        // the FT stage
//	row, err := s.Measure(ctx, run)                     // every number of Tables 1, 3, 8, 10-16
//	k, err := s.KernelStats(ctx, run)                   // Tables 2 and 9, Figures 2 and 7-9
//
// Runs over seeds become means with [Averages]; [Session.Tune] finds batch size and learning rate
// where Table 6's are another model's; [Session.Plan] says what runs would take.
//
// Every verb is a function of its inputs with its result in the store: asking twice costs
// nothing, and changing a seed recomputes what depends on the seed and nothing else
// (features of the pre-trained model do not).
package study
