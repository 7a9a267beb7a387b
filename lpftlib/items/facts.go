package items

import (
	"context"
	"fmt"
	"strings"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// Facts are what captions, footers and verdicts must know of the study that data come from.
type Facts struct {
	profile    *study.Profile
	seeds      []uint64 // of the item's runs
	model      string
	generated  bool
	backend    string
	tasks      []string
	notes      *session.Notes
	standIn    map[string]string   // of every task and shifted test set
	classes    map[string][]string // likewise
	provenance []report.KeyValue
	colors     map[string]string
}

// factsOf reads them of a session; data sets are opened, nothing is computed.
func factsOf(ctx context.Context, s *session.Session, seeds []uint64) (*Facts, error) {
	m, err := s.Model(ctx)
	if err != nil {
		return nil, err
	}
	be, err := s.Backend()
	if err != nil {
		return nil, err
	}
	f := &Facts{profile: s.Profile, seeds: seeds, model: m.Checkpoint.Name, generated: m.Checkpoint.Source == "generated", backend: be.Arithmetic(), standIn: map[string]string{}, classes: map[string][]string{}}
	if f.provenance, err = provenance(ctx, s, seeds); err != nil {
		return nil, err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	f.tasks = ids
	var all []string
	for _, id := range ids {
		sets, err := s.TestSets(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, sets...)
	}
	for _, id := range all {
		d, err := s.Data(ctx, id)
		if err != nil {
			return nil, err
		}
		f.standIn[id], f.classes[id] = d.Task.StandIn, d.Task.Classes
	}
	f.notes, err = s.Notes(ctx, all)
	return f, err
}

// setting is what a comparison with print must know about a data set's numbers.
func (f *Facts) setting(testSet string) paper.Setting {
	out := paper.Setting{Model: f.model, Generated: f.generated, StandInData: f.standIn[testSet], PaperCompatible: f.profile.PaperCompatible}
	if f.profile.From != "paper" {
		out.Reduced = "profile " + f.profile.Name
	}
	return out
}

// footer is the line of provenance under a figure and a table about some tasks.
func (f *Facts) footer(tasks ...string) string {
	text := fmt.Sprintf("lpft, profile %s, %s, seeds %v, backend %s, paper-compatible head: %v.", f.profile.Name, f.model, f.seeds, f.backend, f.profile.PaperCompatible)
	if notes := f.notes.About(tasks...); len(notes) > 0 {
		text += " " + strings.Join(notes, "; ") + "."
	}
	return text
}

// plot are the title, footer and metadata of a figure about some tasks.
func (f *Facts) plot(title string, tasks ...string) plots.Options {
	meta := map[string]string{}
	for _, kv := range f.provenance {
		meta[kv.Key] = kv.Value
	}
	return plots.Options{Title: title, Footer: f.footer(tasks...), Metadata: meta, Colors: f.colors}
}

// provenance is the session's record for the report.
func provenance(ctx context.Context, s *session.Session, seeds []uint64) ([]report.KeyValue, error) {
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
		{Key: "profile", Value: s.Profile.Name}, {Key: "seeds", Value: fmt.Sprint(seeds)},
		{Key: "model", Value: fmt.Sprintf("%s from %s, sha256 %s", m.Checkpoint.Name, m.Checkpoint.Source, m.Checkpoint.Digest)},
		{Key: "backend", Value: fmt.Sprintf("%s, TF32 %v, SIMD %v", be.Engine, be.TF32, be.SIMD)},
		{Key: "program", Value: fmt.Sprintf("%s, %s/%s, commit %s, changed since: %v", p.Go, p.OS, p.Arch, p.Commit, p.Dirty)},
		{Key: "linear probes go to", Value: s.StopNote()},
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
