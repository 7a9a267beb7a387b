// Package study is what the paper runs, as data and as steps: tasks, methods, seeds and
// hyperparameters in [Profile]s, and a [Session] whose verbs compute features, probes and
// trained models once and find them on disk ever after.
//
// A profile is a small JSON file of differences from profiles/paper.json, the paper's own
// setting; a key that is not known is an error. A session ties a profile to a model, a data
// folder, a backend and an artefact store:
//
//	s, err := study.Open(ctx, study.Options{Profile: "demo"})
//	lp, err := s.Probe(ctx, "cb", 1001)              // linear probing
//	ft, err := s.FineTune(ctx, "cb", study.FT, 1001) // the FT stage
//	row, err := s.FeatureRow(ctx, "cb", study.FT, 1001) // a row of Table 1
//
// Every verb is a function of its inputs with its result in the store: asking twice costs
// nothing, and changing a seed recomputes what depends on the seed and nothing else
// (features of the pre-trained model do not).
package study
