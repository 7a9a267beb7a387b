package items

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// Item is one of the report's parts, with the notebook that makes it.
type Item struct {
	ID       string   // "table3"; also the anchor in the report
	Covers   []string // what of the paper it holds: "table3", "table14", "table15"
	Title    string
	Part     string // heading of its part of the report; "": the paper's own contents
	Claim    string // what the paper reads from it; of an item beyond the paper, its question
	Notebook string // file in notebooks/

	// Needs plans the steps that the item's data take.
	Needs func(ctx context.Context, s *session.Session) ([]session.Planned, error)

	seeds func(*study.Profile) []uint64 // of its runs; nil: the profile's
	build func(ctx context.Context, s *session.Session) (content, error)
}

// content is an item's data behind the two functions that need nothing else.
type content struct {
	view  func(*Facts) (View, error)
	judge func() []paper.Claim
}

// View is what an item shows.
type View struct {
	Tables  []report.Table
	Figures []Drawing
}

// Drawing is a figure with its caption and the name that its files get.
type Drawing struct {
	*plots.Figure
	Name, Caption string
}

// Built is an item with its tables, figures and judged statements.
type Built struct {
	Item
	View
	Claims     []paper.Claim
	Provenance []report.KeyValue
	Missing    string // what it would take; "" where the item could be made
}

// absent is the error of data that cannot be made here.
type absent struct{ what string }

func (e absent) Error() string { return "needs " + e.what }

// recipe is an item's four functions over its own kind of data.
type recipe[D any] struct {
	needs func(ctx context.Context, s *session.Session) ([]session.Planned, error)
	data  func(ctx context.Context, s *session.Session) (D, error)
	view  func(*Facts, D) (View, error)
	judge func(D) []paper.Claim
}

// item makes an item of its description and its recipe.
func (r recipe[D]) item(about Item) Item {
	about.Needs = func(ctx context.Context, s *session.Session) ([]session.Planned, error) {
		steps, err := r.needs(ctx, s)
		return session.Join(steps), err
	}
	about.build = func(ctx context.Context, s *session.Session) (content, error) {
		data, err := r.data(ctx, s)
		return content{
			view:  func(f *Facts) (View, error) { return r.view(f, data) },
			judge: func() []paper.Claim { return r.judge(data) },
		}, err
	}
	return about
}

// Build gathers the item's data, computing what the store does not hold, draws and judges them.
// Colors are those of curves and bars by their name in the legend; nil: the usual ones. An item whose
// data cannot be made here, or are only read and not all there, is built all the same and says what is missing.
func (it Item) Build(ctx context.Context, s *session.Session, colors map[string]string) (*Built, error) {
	facts, err := factsOf(ctx, s, it.seedsOf(s.Profile))
	if err != nil {
		return nil, err
	}
	facts.colors = colors
	b := &Built{Item: it, Provenance: facts.provenance}
	if s.Reads() {
		state, err := StateOf(ctx, s, it)
		if err != nil || state.Lacks != "" {
			b.Missing = state.Lacks
			return b, err
		}
	}
	content, err := it.build(ctx, s)
	if needs := (absent{}); errors.As(err, &needs) {
		b.Missing = needs.Error()
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	b.Claims = content.judge()
	b.View, err = content.view(facts)
	return b, err
}

// seedsOf are the seeds of the item's runs.
func (it Item) seedsOf(p *study.Profile) []uint64 {
	if it.seeds != nil {
		return it.seeds(p)
	}
	return p.Seeds
}

// Report is the item as a section of the report, its figures drawn.
func (b *Built) Report() (report.Item, error) {
	out := report.Item{ID: b.ID, Title: b.Title, Part: b.Part, PaperClaim: b.Claim, Tables: b.Tables, Provenance: b.Provenance}
	if b.Missing != "" {
		out.State = "missing: " + b.Missing
	}
	for _, f := range b.Figures {
		png, err := f.PNG()
		if err != nil {
			return out, err
		}
		svg, err := f.SVG()
		if err != nil {
			return out, err
		}
		out.Figures = append(out.Figures, report.Figure{Name: f.Name, PNG: png, SVG: svg, Alt: f.Alt(), Caption: f.Caption})
	}
	return out, nil
}

// All lists what can be reproduced, in the report's order.
func All() []Item {
	return []Item{
		table1(), figure1(), table2(), figure2(), figure8(), figure3(), figure5(), table3(), table6(), table7(), table8(), table10(), table12(),
		proposition1(), corollary1(), growth(), proposition2(), defects(),
		following(), movement(), places(), norms(), stability(),
	}
}

// ByID finds an item by its id or by a table or figure that it covers; the error lists what there is.
func ByID(id string) (Item, error) {
	var ids []string
	for _, item := range All() {
		if item.ID == id || slices.Contains(item.Covers, id) {
			return item, nil
		}
		ids = append(ids, item.Covers...)
	}
	return Item{}, fmt.Errorf("item %q is not known: there are %s", id, strings.Join(ids, ", "))
}

// noSteps is for items that compute nothing worth a plan.
func noSteps(context.Context, *session.Session) ([]session.Planned, error) { return nil, nil }
