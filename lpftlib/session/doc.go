// Package session computes what package study describes: a [Session] ties a profile to a model, a data
// folder, a backend and an artefact store, and its verbs compute features, probes, trained models and kernels once and find
// them on disk ever after.
//
//	s, err := session.Open(ctx, session.Options{Profile: "demo"})
//	lp, err := s.Probe(ctx, "cb", 1001)                 // linear probing
//	run := study.Spec{Task: "cb", Method: study.FT, Seed: 1001}
//	ft, err := s.Train(ctx, run)                        // the FT stage
//	row, err := s.Measure(ctx, run)                     // every number of Tables 1, 3, 8, 10-16
//	k, err := s.KernelStats(ctx, run)                   // Tables 2 and 9, Figures 2 and 7-9
//
// [Session.Tune] finds batch size and learning rate where Table 6's are another model's; [Session.Plan] says what runs
// would take.
//
// Every verb is a function of its inputs with its result in the store: asking twice costs
// nothing, and changing a seed recomputes what depends on the seed and nothing else
// (features of the pre-trained model do not). What steps share while a process lasts, the pre-trained weights on the
// device and compiled graphs, is read and built once.
package session
