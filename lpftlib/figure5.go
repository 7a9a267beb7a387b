package lpftlib

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// layoutTask is the task of Figures 5 and 6: CB, or the first there is.
func layoutTask(ctx context.Context, s *study.Session) (string, error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return "", err
	}
	if slices.Contains(ids, "cb") {
		return "cb", nil
	}
	return ids[0], nil
}

// BuildFigure5 is Figures 5 and 6: t-SNE of features and head rows before and after training.
func BuildFigure5(ctx context.Context, s *study.Session) (*Built, error) {
	id, err := layoutTask(ctx, s)
	if err != nil {
		return nil, err
	}
	var figures []report.Figure
	for _, pair := range [][]study.Method{{study.FT, study.LPFT}, {study.LoRA, study.LPLoRA}} {
		if !slices.Contains(s.Profile.Methods, pair[0]) {
			continue
		}
		f, err := layoutFigure(ctx, s, id, pair)
		if err != nil {
			return nil, err
		}
		figures = append(figures, f)
	}
	claim, err := headMoves(ctx, s, id)
	if err != nil {
		return nil, err
	}
	return built(ctx, s, "figure5", nil, figures, []paper.Claim{claim})
}

// headMoves judges what the figure shows, without the map's distortions: in proportion to the
// features, the head's rows move more in LP-FT than in FT. Both are distances between start and
// end of the FT stage, the features' the mean over the training rows.
func headMoves(ctx context.Context, s *study.Session, id string) (paper.Claim, error) {
	ratio := map[study.Method]float64{}
	for _, m := range []study.Method{study.FT, study.LPFT} {
		t, err := s.FineTune(ctx, id, m, s.Profile.Seeds[0])
		if err != nil {
			return paper.Claim{}, err
		}
		row, err := s.MeasureOn(ctx, t.Spec, id, "train")
		if err != nil {
			return paper.Claim{}, err
		}
		ratio[m] = floats.Distance(t.Head.Weight(), t.Start.Weight(), 2) / row.Diff
	}
	return paper.Judged(paper.Ordering, "relative to the features, the head's rows move more in LP-FT than in FT", paper.Less,
		[]paper.Pair{{Name: id, A: ratio[study.FT], B: ratio[study.LPFT]}}), nil
}

// layoutFigure draws one panel a method.
func layoutFigure(ctx context.Context, s *study.Session, id string, methods []study.Method) (report.Figure, error) {
	d, err := s.Data(ctx, id)
	if err != nil {
		return report.Figure{}, err
	}
	seed := s.Profile.Seeds[0]
	var panels []plots.TSNEPanel
	for i, m := range methods {
		points, err := s.Layout(ctx, id, m, seed)
		if err != nil {
			return report.Figure{}, err
		}
		panel := plots.TSNEPanel{Title: fmt.Sprintf("(%c) %s", 'a'+i, m.Title())}
		for _, p := range points {
			panel.Points = append(panel.Points, plots.TSNEPoint{X: p.X, Y: p.Y, Class: p.Class, After: p.After, Row: p.Row})
		}
		panels = append(panels, panel)
	}
	opt, err := plotOptions(ctx, s, fmt.Sprintf("Features and rows of V before and after training, %s", id), id)
	if err != nil {
		return report.Figure{}, err
	}
	f, err := plots.TSNE(panels, d.Task.Classes, opt)
	if err != nil {
		return report.Figure{}, err
	}
	caption := fmt.Sprintf("%s, training rows, seed %d: features and rows of V before and after the FT stage, embedded together by exact t-SNE (perplexity 30, start from the principal plane, 1,000 iterations).", id, seed)
	return saveFigure(s, fmt.Sprintf("figure05-%s-%s", methods[0], id), caption, f)
}

// ShowLayout draws the joint t-SNE of some methods.
func (s *Session) ShowLayout(methods ...study.Method) {
	f, err := layoutFigure(s.ctx, s.Session, must(layoutTask(s.ctx, s.Session)), methods)
	if err != nil {
		fail(err)
	}
	s.showFigure(f)
}
