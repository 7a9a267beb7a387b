package items

import (
	"context"
	"fmt"
	"slices"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// places looks for where in the network FT and LP-FT work: by the kernel's parts, by the features of each layer, and by
// freezing.
func places() Item {
	return recipe[placesData]{needs: placesPlan, data: readPlaces, view: placesView, judge: placesClaims}.item(Item{
		ID: "places", Covers: []string{"places"}, Part: beyond, seeds: beyondSeeds, Title: "Where in the network?",
		Claim:    "Which parts of the network make up the kernel and the first step, which layers' features does training move, and does the kernel know what freezing a part would change?",
		Notebook: "beyond_places.ipynb",
	})
}

// placesData are trainings by Adam, layer by layer, and trainings by gradient descent with frozen parts.
type placesData struct {
	places   []*study.Places
	freezing []*study.Freezing
}

// freezingRun takes of the trainings those of all parameters by gradient descent at the lowest of the profile's rates.
func freezingRun(b *study.Beyond) func(study.KernelRun) bool {
	return func(r study.KernelRun) bool {
		return r.Optimiser == stage.SGD && r.Multiple == slices.Min(b.SGD) && !r.Method.LowRank()
	}
}

func placesPlan(ctx context.Context, s *session.Session) ([]session.Planned, error) {
	if s.Profile.Beyond == nil {
		return nil, nil
	}
	layers, err := planOf((*session.Session).PlanPlaces).needs(movementRun)(ctx, s)
	if err != nil {
		return nil, err
	}
	parts, err := planOf((*session.Session).PlanFreezing).needs(freezingRun(s.Profile.Beyond))(ctx, s)
	return append(layers, parts...), err
}

func readPlaces(ctx context.Context, s *session.Session) (out placesData, err error) {
	if out.places, err = eachRun(movementRun, (*session.Session).Places)(ctx, s); err != nil {
		return out, err
	}
	out.freezing, err = eachRun(freezingRun(s.Profile.Beyond), (*session.Session).Freezing)(ctx, s)
	return out, err
}

const placesCaption = "Parts of the kernel at the start on the training rows. tr(Θ), tr(F): the part's share of the trace, F being the encoder's part. " +
	"First step: share ⟨Δ_g, Δ⟩/‖Δ‖² of the logits' first change Σ_i Θ(x, x_i) δ_i, negative for a part that works against the whole. Mean over seeds (± sample deviation). "

const layersCaption = "Features of the test rows at the first token after so many blocks (0: the embeddings), before and after training on the kernel's rows by Adam without dropout. " +
	"Moved: mean distance from the start over the mean norm at the start. CS: mean cosine of two rows. FT and LP-FT train at the batch and rate that Table 6 has for FT. "

const freezingCaption = "Trainings on the same rows by plain gradient descent with a part of the encoder frozen, in all blocks at once. Effect: how far the training rows' logits at the end are from those of the " +
	"whole training, relative to how far these moved. Predicted: the same of gradient descent with the kernel at the start, without the part's groups. " +
	"Error: of the predicted change, relative to the real one; 1 for the prediction that freezing changes nothing. "

func placesView(f *Facts, d placesData) (View, error) {
	tasks := tasksOfRuns(d.places)
	footer := f.footer(tasks...)
	groups := report.Table{Columns: []string{"part", "tr(Θ)", "tr(F)", "first step"}, Caption: placesCaption + footer}
	layers := report.Table{Columns: []string{"blocks", "Diff", "moved", "CS at the start", "CS at the end"}, Caption: layersCaption + footer}
	freezing := report.Table{Columns: []string{"frozen", "rate", "effect", "predicted", "error"}, Caption: freezingCaption + footer}
	for _, seeds := range bySetting(d.places) {
		if err := addPlaces(&groups, &layers, seeds); err != nil {
			return View{}, err
		}
	}
	for _, seeds := range bySetting(d.freezing) {
		if err := addFreezing(&freezing, seeds); err != nil {
			return View{}, err
		}
	}
	out := View{Tables: []report.Table{groups, layers, freezing}}
	for _, id := range tasks {
		fig, err := placesFigure(f, id, d)
		if err != nil {
			return out, err
		}
		out.Figures = append(out.Figures, fig)
	}
	return out, nil
}

// addPlaces adds a setting's rows to the tables of groups and of layers.
func addPlaces(groups, layers *report.Table, seeds []*study.Places) error {
	for g, group := range seeds[0].Groups {
		row, err := seedsRow(seeds, []report.Cell{{Ours: group.Name}},
			func(p *study.Places) *float64 { return &p.Groups[g].Trace },
			func(p *study.Places) *float64 { return encoderShare(p, g) },
			func(p *study.Places) *float64 { return &p.Groups[g].Step })
		if err != nil {
			return err
		}
		groups.Rows = append(groups.Rows, row)
	}
	for l, layer := range seeds[0].Layers {
		row, err := seedsRow(seeds, []report.Cell{{Ours: fmt.Sprint(layer.Blocks)}},
			func(p *study.Places) *float64 { return &p.Layers[l].Diff },
			func(p *study.Places) *float64 { return new(p.Layers[l].Moved()) },
			func(p *study.Places) *float64 { return &p.Layers[l].CSStart },
			func(p *study.Places) *float64 { return &p.Layers[l].CS })
		if err != nil {
			return err
		}
		layers.Rows = append(layers.Rows, row)
	}
	return nil
}

// encoderShare is a group's share of tr(F), in which the head has no part.
func encoderShare(p *study.Places, g int) *float64 {
	if p.Groups[g].Name == study.HeadGroup {
		return nil
	}
	sum := 0.0
	for _, group := range p.Groups {
		if group.Name != study.HeadGroup {
			sum += group.Trace
		}
	}
	return new(p.Groups[g].Trace / sum)
}

// addFreezing adds a setting's rows.
func addFreezing(table *report.Table, seeds []*study.Freezing) error {
	for i, part := range seeds[0].Parts {
		row, err := seedsRow(seeds, []report.Cell{{Ours: part.Part}, {Ours: fmt.Sprintf("%.2g", seeds[0].Recipe.LearningRate)}},
			func(f *study.Freezing) *float64 { return &f.Parts[i].Effect },
			func(f *study.Freezing) *float64 { return &f.Parts[i].Predicted },
			func(f *study.Freezing) *float64 { return &f.Parts[i].Error })
		if err != nil {
			return err
		}
		table.Rows = append(table.Rows, row)
	}
	return nil
}

// placesFigure draws what moves against depth, and what freezing changes beside its prediction, a panel a method.
func placesFigure(f *Facts, id string, d placesData) (Drawing, error) {
	var panels []plots.CurvePanel
	for _, c := range []struct {
		title, label string
		of           func(*study.LayerMove) float64
	}{{"features moved", "Diff / ‖φ‖", (*study.LayerMove).Moved}, {"CS after training", "CS", func(l *study.LayerMove) float64 { return l.CS }}} {
		panels = append(panels, layersPanel(d.places, id, c.title, c.label, c.of))
	}
	for _, seeds := range bySetting(d.freezing) {
		if seeds[0].Task != id {
			continue
		}
		panel := plots.CurvePanel{Title: seeds[0].Method.Title() + ": effect of freezing", YLabel: "relative change"}
		for i, part := range seeds[0].Parts {
			real, predicted := 0.0, 0.0
			for _, one := range seeds {
				real += one.Parts[i].Effect / float64(len(seeds))
				predicted += one.Parts[i].Predicted / float64(len(seeds))
			}
			panel.Bars = append(panel.Bars, plots.Bar{Name: part.Part, Value: real}, plots.Bar{Name: "by the kernel", Value: predicted})
		}
		panels = append(panels, panel)
	}
	fig, err := plots.NormGrowth(panels, f.plot("Where training works, "+id, id))
	caption := id + ": how far the features of the test rows have moved after each block relative to their size, and their mean cosine, after training on the kernel's rows by Adam (further seeds are pale); " +
		"then what freezing a part changes in the logits, beside the kernel's prediction."
	return Drawing{fig, "places-" + id, caption}, err
}

// layersPanel draws a number of each layer, a line for each method and seed.
func layersPanel(all []*study.Places, id, title, label string, of func(*study.LayerMove) float64) plots.CurvePanel {
	panel := plots.CurvePanel{Title: title, XLabel: "blocks", YLabel: label}
	seen := map[study.Method]bool{}
	for _, p := range all {
		if p.Task != id {
			continue
		}
		line := plots.Series{Name: p.Method.Title(), Faint: seen[p.Method]}
		seen[p.Method] = true
		for i := range p.Layers {
			line.X, line.Y = append(line.X, float64(p.Layers[i].Blocks)), append(line.Y, of(&p.Layers[i]))
		}
		panel.Left = append(panel.Left, line)
	}
	return panel
}

// placesClaims judges where features move, from which head they move less, and what the kernel knows of freezing.
func placesClaims(d placesData) []paper.Claim {
	var deeper, less, heaviest, better []paper.Pair
	for _, p := range d.places {
		first, last := &p.Layers[1], &p.Layers[len(p.Layers)-1]
		deeper = append(deeper, paper.Pair{Name: fmt.Sprintf("%s %s seed %d", p.Method.Title(), p.Task, p.Seed), A: first.Moved(), B: last.Moved()})
		for _, ft := range d.places {
			if p.Method != study.LPFT || ft.Method != study.FT || p.Task != ft.Task || p.Seed != ft.Seed {
				continue
			}
			for l := range p.Layers {
				less = append(less, paper.Pair{Name: fmt.Sprintf("%s seed %d, %d blocks", p.Task, p.Seed, p.Layers[l].Blocks), A: p.Layers[l].Diff, B: ft.Layers[l].Diff})
			}
		}
	}
	for _, f := range d.freezing {
		name := fmt.Sprintf("%s %s seed %d", f.Method.Title(), f.Task, f.Seed)
		real, predicted := f.Heaviest()
		heaviest = append(heaviest, paper.Pair{Name: fmt.Sprintf("%s (%s, predicted %s)", name, f.Parts[real].Part, f.Parts[predicted].Part), A: float64(real), B: float64(predicted)})
		for _, p := range f.Parts {
			better = append(better, paper.Pair{Name: name + " " + p.Part, A: p.Error, B: 1})
		}
	}
	trained, frozen := seedsOf(d.places), seedsOf(d.freezing)
	return []paper.Claim{
		paper.Seeded("Training moves features more after the last block than after the first, relative to their size", paper.Less, deeper, trained),
		paper.Seeded("LP-FT moves features less than FT after every number of blocks, at equal rates", paper.Less, less, trained),
		paper.Seeded("The kernel knows which part's freezing changes training most", paper.Equal, heaviest, frozen),
		paper.Seeded("The kernel predicts what freezing a part changes better than \"nothing\"", paper.Less, better, frozen),
	}
}
