package lpftlib

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// Item is a table or figure of the paper: the notebook that makes it and how its part of the
// report is put together from what the store holds.
type Item struct {
	ID       string // "table1"
	Title    string
	Notebook string // file in notebooks/
	Build    func(ctx context.Context, s *study.Session) (*Built, error)
}

// Built is an item of the report with the claims it decides.
type Built struct {
	Item   report.Item
	Claims []paper.Claim
}

// Items lists what can be reproduced, in the report's order.
func Items() []Item {
	return []Item{
		{ID: "table1", Title: "Table 1: features and classifier norms", Notebook: "table01_features.ipynb", Build: BuildTable1},
		{ID: "figure1", Title: "Figure 1: growth of the classifier's norm", Notebook: "figure01_norm_growth.ipynb", Build: BuildFigure1},
	}
}

// ItemByID finds an item; the error lists what there is.
func ItemByID(id string) (Item, error) {
	var ids []string
	for _, item := range Items() {
		if item.ID == id {
			return item, nil
		}
		ids = append(ids, item.ID)
	}
	return Item{}, fmt.Errorf("item %q is not known: there are %s", id, strings.Join(ids, ", "))
}

// setting is what a comparison with print must know about a task's numbers.
func setting(ctx context.Context, s *study.Session, id string) (paper.Setting, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return paper.Setting{}, err
	}
	d, err := s.Data(ctx, id)
	if err != nil {
		return paper.Setting{}, err
	}
	out := paper.Setting{Model: m.Checkpoint.Name, StandInData: d.Task.StandIn, PaperCompatible: s.Profile.PaperCompatible}
	if s.Profile.Name != "paper" {
		out.Reduced = "profile " + s.Profile.Name
	}
	return out, nil
}

// footer is the line of provenance under a figure and a table.
func footer(ctx context.Context, s *study.Session) (string, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return "", err
	}
	be, err := s.Backend()
	if err != nil {
		return "", err
	}
	notes, err := s.StudyNotes(ctx)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("lpft, profile %s, %s, seeds %v, backend %s, paper-compatible head: %v.", s.Profile.Name, m.Checkpoint.Name, s.Profile.Seeds, be.Engine, s.Profile.PaperCompatible)
	if len(notes) > 0 {
		text += " " + strings.Join(notes, "; ") + "."
	}
	return text, nil
}

// provenance is an item's record for the report.
func provenance(ctx context.Context, s *study.Session) ([]report.KeyValue, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	p := store.NewProvenance()
	list := []report.KeyValue{
		{Key: "profile", Value: s.Profile.Name}, {Key: "seeds", Value: fmt.Sprint(s.Profile.Seeds)},
		{Key: "model", Value: fmt.Sprintf("%s from %s, sha256 %s", m.Checkpoint.Name, m.Checkpoint.Source, m.Checkpoint.Digest)},
		{Key: "backend", Value: fmt.Sprintf("%s, TF32 %v, SIMD %v", be.Engine, be.TF32, be.SIMD)},
		{Key: "program", Value: fmt.Sprintf("%s, %s/%s, commit %s, changed since: %v", p.Go, p.OS, p.Arch, p.Commit, p.Dirty)},
		{Key: "binary linear probes", Value: fmt.Sprintf("halved as in the published code: %v", s.Profile.PaperCompatible)},
	}
	for _, id := range ids {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, report.KeyValue{Key: "task " + id, Value: fmt.Sprintf("%s, sha256 %s", d.Source, d.Digest)})
	}
	return list, nil
}

// saveFigure writes a figure as PNG and SVG into the study's figure folder.
func saveFigure(s *study.Session, name, caption string, f *plots.Figure) (report.Figure, error) {
	dir := filepath.Join(s.Home(), "figures", s.Profile.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return report.Figure{}, fmt.Errorf("figures: %v", err)
	}
	base := filepath.Join(dir, name)
	if err := f.Save(base); err != nil {
		return report.Figure{}, err
	}
	return report.Figure{PNGPath: base + ".png", SVGPath: base + ".svg", Alt: f.Alt(), Caption: caption}, nil
}

// plotOptions are a figure's title, footer and metadata.
func plotOptions(ctx context.Context, s *study.Session, title string) (plots.Options, error) {
	text, err := footer(ctx, s)
	if err != nil {
		return plots.Options{}, err
	}
	list, err := provenance(ctx, s)
	if err != nil {
		return plots.Options{}, err
	}
	meta := map[string]string{}
	for _, kv := range list {
		meta[kv.Key] = kv.Value
	}
	return plots.Options{Title: title, Footer: text, Metadata: meta}, nil
}
