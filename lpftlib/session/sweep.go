package session

import (
	"context"

	"lpft/lpftlib/study"
)

// NormSweep measures methods with their head scaled to each of the profile's norms before the FT
// stage, on every test set of the task (docs/protocol.md, Norm scaling; Figures 3, 10 and 11).
func (s *Session) NormSweep(ctx context.Context, id string, methods []study.Method) ([]study.Measures, error) {
	runs, err := s.sweepRuns(id, methods)
	if err != nil {
		return nil, err
	}
	sets, err := s.TestSets(ctx, id)
	if err != nil {
		return nil, err
	}
	var rows []study.Measures
	for _, run := range runs {
		for _, set := range sets {
			row, err := s.MeasureOn(ctx, run, set, "test")
			if err != nil {
				return nil, err
			}
			rows = append(rows, *row)
		}
	}
	return rows, nil
}

// PlanSweep is what [Session.NormSweep] would take.
func (s *Session) PlanSweep(ctx context.Context, id string, methods []study.Method) ([]Planned, error) {
	runs, err := s.sweepRuns(id, methods)
	if err != nil {
		return nil, err
	}
	return s.Plan(ctx, runs, func(study.Spec) ([]string, error) { return s.TestSets(ctx, id) })
}

// sweepRuns are a sweep's runs: method by method, norm by norm, seed by seed.
func (s *Session) sweepRuns(id string, methods []study.Method) ([]study.Spec, error) {
	var runs []study.Spec
	for _, m := range methods {
		for _, norm := range s.Profile.Norms {
			scaling, err := study.ParseScaling(norm, s.Profile.NormReading)
			if err != nil {
				return nil, err
			}
			for _, seed := range s.Profile.Seeds {
				runs = append(runs, study.Spec{Task: id, Method: m, Seed: seed, Scaling: scaling})
			}
		}
	}
	return runs, nil
}
