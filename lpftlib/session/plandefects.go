package session

import (
	"context"

	"lpft/lpftlib/study"
)

// PlanDefects is what [Session.Defects] would take.
func (s *Session) PlanDefects(ctx context.Context) ([]Planned, error) {
	c, err := s.defectCase(ctx)
	if err != nil {
		return nil, err
	}
	p := s.newPlan()
	if err := p.defectKernels(ctx, c); err != nil {
		return nil, err
	}
	runs, err := c.runs(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		p.s = r.by
		if err := p.measures(ctx, r.Spec, r.testSet, r.split); err != nil {
			return nil, err
		}
	}
	return Join(p.steps), nil
}

// defectKernels adds the kernels' numbers: about five small kernels' passes.
func (p *plan) defectKernels(ctx context.Context, c *defectCase) error {
	features, err := p.pretrained(ctx, c.id)
	if err != nil {
		return err
	}
	probe, err := p.probe(ctx, c.id, c.seed)
	if err != nil {
		return err
	}
	d, err := p.s.Data(ctx, c.id)
	if err != nil {
		return err
	}
	all, err := p.s.splitTokens(ctx, c.id, "train")
	if err != nil {
		return err
	}
	tokens := 5 * defectRows * all / float64(len(d.Train)) * float64(1+2*c.classes) * 2
	step, err := c.step(ctx)
	_, err = p.add(step, err, Planned{Tokens: tokens, Disk: 1 << 12, Needs: []string{features, probe}, Unit: Unit{DefectsUnit, c.id}, Do: func(ctx context.Context) error {
		_, err := c.kernels(ctx)
		return err
	}})
	return err
}

// defectRun is a measurement that a defect needs.
type defectRun struct {
	study.Spec
	by             *Session
	testSet, split string
}

// runs are all of them.
func (c *defectCase) runs(ctx context.Context) ([]defectRun, error) {
	var out []defectRun
	add := func(by *Session, run study.Spec, testSet, split string) {
		if c.trains(run.Method) {
			out = append(out, defectRun{run, by, testSet, split})
		}
	}
	if c.classes == 2 {
		add(c.s, c.run(study.LPFT), c.id, "test")
		add(c.flipped, c.run(study.LPFT), c.id, "test")
	}
	for _, id := range c.ids {
		add(c.s, study.Spec{Task: id, Method: study.FT, Seed: c.seed}, id, "test")
	}
	add(c.apart, c.run(study.FT), c.id, "train")
	if len(c.s.Profile.Seeds) > 1 {
		for _, seed := range c.s.Profile.Seeds {
			for _, m := range []study.Method{study.FT, study.LPFT} {
				add(c.s, study.Spec{Task: c.id, Method: m, Seed: seed}, c.id, "test")
			}
		}
	}
	id, sets, err := c.shiftedSets(ctx)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		for _, m := range []study.Method{study.FT, study.LPFT} {
			add(c.s, study.Spec{Task: id, Method: m, Seed: c.seed}, set, "test")
		}
	}
	if c.has("wsc") {
		for _, m := range c.s.Profile.Methods {
			if m != study.Pretrained {
				add(c.s, study.Spec{Task: "wsc", Method: m, Seed: c.seed}, "wsc", "test")
			}
		}
	}
	script, own, ok, err := c.mrpcRuns(ctx)
	if err == nil && ok {
		add(c.s, own, "mrpc", "test")
		add(c.apart, script, "mrpc", "test")
	}
	return out, err
}
