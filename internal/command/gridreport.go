package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
)

// reportVersion is raised when a report of the same results shows something else.
const reportVersion = 1

// reportKind is the kind of artefact and of job that a report is.
const reportKind = "report"

// reportInputs is everything a report of the grid depends on.
type reportInputs struct {
	Items   []string `json:"items"`
	Profile string   `json:"profile"`
	Tasks   []string `json:"tasks"`
	Seeds   []uint64 `json:"seeds"`
	Engine  string   `json:"engine"`
	Steps   []string `json:"steps"` // keys
}

// reportStep is the plan's last step: the page without notebooks, from what all the others leave in the store.
func (p *gridPlan) reportStep() (session.Planned, error) {
	in := reportInputs{Profile: p.session.Profile.Name, Tasks: p.ids, Seeds: p.session.Profile.Seeds, Engine: p.engine, Steps: []string{}}
	for _, item := range p.items {
		in.Items = append(in.Items, item.ID)
	}
	var read []string
	for _, s := range p.steps {
		in.Steps = append(in.Steps, s.Key)
		if s.Step.Kind != "features" && s.Step.Kind != "kernel" { // the page shows what was made from these
			read = append(read, s.Key)
		}
	}
	step := store.Step{Kind: reportKind, Version: reportVersion, Label: fmt.Sprintf("report of profile %s on %d tasks", in.Profile, len(p.ids)), Inputs: in}
	key, err := step.Key()
	if err != nil {
		return session.Planned{}, err
	}
	return session.Planned{Step: step, Key: key, Cached: p.session.Store.Look(reportKind, key) != store.Absent, Disk: 1 << 24, Needs: read,
		Unit: session.Unit{Kind: reportKind}, Do: func(ctx context.Context) error { return p.makeReport(ctx, step) }}, nil
}

// makeReport renders the page into the store.
func (p *gridPlan) makeReport(ctx context.Context, step store.Step) error {
	_, err := p.session.Store.Do(ctx, step, func(ctx context.Context, w *store.Work) error {
		prov := store.NewProvenance()
		prov.Profile = p.session.Profile.Name
		out, err := assemble(ctx, p.session, p.items, nil, time.Now())
		if err != nil {
			return err
		}
		w.SetProvenance(prov.Finish())
		return report.Write(w.Dir(), out)
	})
	return err
}

// copyReport writes the report that the store holds into a folder, and says what came out.
func (p *gridPlan) copyReport(ctx context.Context, dir string) error {
	a, ok, err := p.session.Store.Find(ctx, p.steps[len(p.steps)-1].Step)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("the report is not in %s any more: the same command makes it anew", p.session.Store.Dir())
	}
	for _, f := range a.Manifest.Files {
		data, err := os.ReadFile(a.Path(f.Name))
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := store.WriteFileAtomic(to, data); err != nil {
			return err
		}
	}
	return nil
}
