package session

import (
	"context"

	"lpft/lpftlib/store"
)

// theoryInputs is everything a theory page's numbers depend on: the generated model [Small] is part of the
// program, and the version tells programs apart.
type theoryInputs struct {
	Seed   uint64 `json:"seed"`
	Engine string `json:"engine"`
}

// TheoryStep is the step of a theory page that is computed on the model [Small].
func (s *Session) TheoryStep(name string, version int) (store.Step, error) {
	be, err := s.Backend()
	if err != nil {
		return store.Step{}, err
	}
	return store.Step{Kind: "theory", Version: version, Label: name + " on a small Transformer", Inputs: theoryInputs{Seed: s.Profile.Seeds[0], Engine: be.Arithmetic()}}, nil
}

// Theory reads a theory step's result into out, a pointer; where it is not in the store, fn computes it first.
func (s *Session) Theory(ctx context.Context, step store.Step, out any, fn func(context.Context) (any, error)) error {
	be, err := s.Backend()
	if err != nil {
		return err
	}
	a, err := s.do(ctx, step, func(ctx context.Context, w *store.Work) error {
		prov := store.NewProvenance()
		prov.Config, prov.Seed, prov.Profile = step.Inputs, &s.Profile.Seeds[0], s.Profile.Name
		engineOf(prov, be)
		result, err := fn(ctx)
		if err != nil {
			return err
		}
		w.SetProvenance(prov.Finish())
		return w.WriteJSON("result.json", result)
	})
	if err != nil {
		return err
	}
	return a.ReadJSON("result.json", out)
}

// PlanTheory is what a theory step would take: seconds, which the plan does not count. Do makes it, by [Session.Theory].
func (s *Session) PlanTheory(step store.Step, do func(context.Context) error) ([]Planned, error) {
	p := s.newPlan()
	const tokens = 1 << 10 // of a model so small that they count for nothing but to say that an engine is needed
	_, err := p.add(step, nil, Planned{Tokens: tokens, Disk: 1 << 14, Unit: Unit{TheoryUnit, step.Label}, Do: do})
	return p.steps, err
}
