package session

import (
	"context"

	"lpft/lpftlib/study"
)

// PlanPaths is what [Session.ProbePath] would take on tasks, with the profile's seeds.
func (s *Session) PlanPaths(ctx context.Context, ids []string) ([]Planned, error) {
	p := s.newPlan()
	for _, id := range ids {
		features, err := p.pretrained(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, seed := range s.Profile.Seeds {
			probe, err := p.probe(ctx, id, seed)
			if err != nil {
				return nil, err
			}
			step, err := s.pathStep(ctx, id, seed)
			_, err = p.add(step, err, Planned{Disk: 1 << 14, Needs: []string{features, probe}, Unit: Unit{FeaturesUnit, id}, Do: func(ctx context.Context) error {
				_, err := s.ProbePath(ctx, id, seed)
				return err
			}})
			if err != nil {
				return nil, err
			}
		}
	}
	return Join(p.steps), nil
}

// PlanLayout is what [Session.Layout] of a run and its measures on the training rows would take.
func (s *Session) PlanLayout(ctx context.Context, id string, m study.Method, seed uint64) ([]Planned, error) {
	p, run := s.newPlan(), study.Spec{Task: id, Method: m, Seed: seed}
	if err := p.measures(ctx, run, id, "train"); err != nil {
		return nil, err
	}
	t, err := p.trained(ctx, run)
	if err != nil {
		return nil, err
	}
	before, err := p.pretrained(ctx, id)
	if err != nil {
		return nil, err
	}
	after, err := p.trainedFeatures(ctx, run, t, featuresOn{id, []string{"train"}})
	if err != nil {
		return nil, err
	}
	step, err := s.layoutStep(ctx, run)
	_, err = p.add(step, err, Planned{Disk: 1 << 16, Needs: []string{before, after}, Unit: t.unit, Do: func(ctx context.Context) error {
		_, err := s.Layout(ctx, id, m, seed)
		return err
	}})
	return Join(p.steps), err
}
