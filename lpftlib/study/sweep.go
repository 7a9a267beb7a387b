package study

import "context"

// NormSweep measures methods with their head scaled to each of the profile's norms before the FT
// stage, on every test set of the task (protocol section 12; Figures 3, 10 and 11).
func (s *Session) NormSweep(ctx context.Context, id string, methods []Method) ([]Measures, error) {
	sets, err := s.TestSets(ctx, id)
	if err != nil {
		return nil, err
	}
	var rows []Measures
	for _, m := range methods {
		for _, norm := range s.Profile.Norms {
			scaling, err := ParseScaling(norm, s.Profile.NormReading)
			if err != nil {
				return nil, err
			}
			for _, seed := range s.Profile.Seeds {
				for _, set := range sets {
					row, err := s.MeasureOn(ctx, Spec{Task: id, Method: m, Seed: seed, Scaling: scaling}, set, "test")
					if err != nil {
						return nil, err
					}
					rows = append(rows, *row)
				}
			}
		}
	}
	return rows, nil
}
