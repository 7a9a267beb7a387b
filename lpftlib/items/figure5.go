package items

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// figure5 is Figures 5 and 6: t-SNE of features and head rows before and after training.
func figure5() Item {
	return recipe[layouts]{needs: layoutPlan, data: readLayouts, view: figure5View, judge: figure5Claims}.item(Item{
		ID: "figure5", Covers: []string{"figure5", "figure6"}, Title: "Figures 5, 6: features and classifier before and after training",
		Claim:    "FT moves features apart by class and leaves the classifier near its start; LP-FT keeps the layout of the features and moves the classifier's rows.",
		Notebook: "figure05_tsne.ipynb",
	})
}

// layouts are one task's, of the first seed.
type layouts struct {
	task   string
	seed   uint64
	points map[study.Method][]study.LayoutPoint
	moved  map[study.Method]float64 // of FT and LP-FT: how far the head's rows moved, over how far the features did
}

// layoutPairs are the figures' methods.
var layoutPairs = [][]study.Method{{study.FT, study.LPFT}, {study.LoRA, study.LPLoRA}}

// layoutTask is the task of Figures 5 and 6: CB, or the first there is.
func layoutTask(ctx context.Context, s *session.Session) (string, error) {
	ids, err := chosenTasks(ctx, s, []string{"cb"})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

func layoutPlan(ctx context.Context, s *session.Session) ([]session.Planned, error) {
	id, err := layoutTask(ctx, s)
	if err != nil {
		return nil, err
	}
	var steps []session.Planned
	for _, m := range slices.Concat(layoutPairs...) {
		if !slices.Contains(s.Profile.Methods, m) {
			continue
		}
		more, err := s.PlanLayout(ctx, id, m, s.Profile.Seeds[0])
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	return steps, nil
}

func readLayouts(ctx context.Context, s *session.Session) (layouts, error) {
	id, err := layoutTask(ctx, s)
	if err != nil {
		return layouts{}, err
	}
	out := layouts{task: id, seed: s.Profile.Seeds[0], points: map[study.Method][]study.LayoutPoint{}, moved: map[study.Method]float64{}}
	for _, m := range slices.Concat(layoutPairs...) {
		if !slices.Contains(s.Profile.Methods, m) {
			continue
		}
		if out.points[m], err = s.Layout(ctx, id, m, out.seed); err != nil {
			return out, err
		}
	}
	for _, m := range []study.Method{study.FT, study.LPFT} {
		t, err := s.FineTune(ctx, id, m, out.seed)
		if err != nil {
			return out, err
		}
		row, err := s.MeasureOn(ctx, t.Spec, id, "train")
		if err != nil {
			return out, err
		}
		out.moved[m] = floats.Distance(t.Head.Weight(), t.Start.Weight(), 2) / row.Diff
	}
	return out, nil
}

func figure5View(f *Facts, l layouts) (View, error) {
	var out View
	for _, pair := range layoutPairs {
		var panels []plots.TSNEPanel
		for _, m := range pair {
			if l.points[m] == nil {
				continue
			}
			panel := plots.TSNEPanel{Title: fmt.Sprintf("(%c) %s", 'a'+len(panels), m.Title())}
			for _, p := range l.points[m] {
				panel.Points = append(panel.Points, plots.TSNEPoint{X: p.X, Y: p.Y, Class: p.Class, After: p.After, Row: p.Row})
			}
			panels = append(panels, panel)
		}
		if panels == nil {
			continue
		}
		fig, err := plots.TSNE(panels, f.classes[l.task], f.plot(fmt.Sprintf("Features and rows of V before and after training, %s", l.task), l.task))
		if err != nil {
			return out, err
		}
		caption := fmt.Sprintf("%s, training rows, seed %d: features and rows of V before and after the FT stage, embedded together by exact t-SNE (perplexity 30, start from the principal plane, 1,000 iterations).", l.task, l.seed)
		out.Figures = append(out.Figures, Drawing{fig, fmt.Sprintf("figure05-%s-%s", pair[0], l.task), caption})
	}
	return out, nil
}

// figure5Claims judges what the figure shows, without the map's distortions: in proportion to the
// features, the head's rows move more in LP-FT than in FT. Both are distances between start and
// end of the FT stage, the features' the mean over the training rows.
func figure5Claims(l layouts) []paper.Claim {
	return []paper.Claim{paper.Judged(paper.Ordering, "relative to the features, the head's rows move more in LP-FT than in FT", paper.Less,
		[]paper.Pair{{Name: l.task, A: l.moved[study.FT], B: l.moved[study.LPFT]}})}
}
