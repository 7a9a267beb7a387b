package lpftlib

import (
	"context"
	"fmt"
	"slices"

	"lpft/lpftlib/finetune"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// BuildFigure1 is Figures 1 and 4 of the paper: accuracy and classifier norm during LP, FT and LoRA, and the
// norm after training; then bias, logits and loss.
func BuildFigure1(ctx context.Context, s *study.Session) (*Built, error) {
	ids, err := s.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	var figures []report.Figure
	var grow, gain []paper.Pair
	for _, id := range ids {
		for _, make := range []func(context.Context, *study.Session, string) (report.Figure, *plots.Figure, error){growthFigure, normsFigure} {
			f, _, err := make(ctx, s, id)
			if err != nil {
				return nil, err
			}
			figures = append(figures, f)
		}
		for _, seed := range s.Profile.Seeds {
			path, err := s.ProbePath(ctx, id, seed)
			if err != nil {
				return nil, err
			}
			name := fmt.Sprintf("%s seed %d", id, seed)
			first, last := path[0], path[len(path)-1]
			grow = append(grow, paper.Pair{Name: name, A: first.Norm, B: last.Norm})
			gain = append(gain, paper.Pair{Name: name, A: last.Loss, B: first.Loss})
		}
	}
	claims := []paper.Claim{paper.Judged(paper.Ordering, "‖V‖ grows during LP", paper.Less, grow), paper.Judged(paper.Check, "the training loss of LP falls meanwhile", paper.Less, gain)}
	low, err := growthOfLoRA(ctx, s, ids)
	if err != nil {
		return nil, err
	}
	if len(low) > 0 {
		claims = append(claims, paper.Judged(paper.Ordering, "‖V‖ grows during LoRA's training", paper.Less, low))
	}
	return built(ctx, s, "figure1", nil, figures, claims)
}

// growthOfLoRA compares ‖V‖ at the start and the end of LoRA's training. FT is not tested: its norm falls on four
// of the paper's own data sets (known defect 24).
func growthOfLoRA(ctx context.Context, s *study.Session, ids []string) ([]paper.Pair, error) {
	var out []paper.Pair
	if !slices.Contains(s.Profile.Methods, study.LoRA) {
		return nil, nil
	}
	for _, id := range ids {
		for _, seed := range s.Profile.Seeds {
			t, err := s.FineTune(ctx, id, study.LoRA, seed)
			if err != nil {
				return nil, err
			}
			first, last := t.Course.Points[0], t.Course.Points[len(t.Course.Points)-1]
			out = append(out, paper.Pair{Name: fmt.Sprintf("%s seed %d", id, seed), A: first.NormC, B: last.NormC})
		}
	}
	return out, nil
}

// growthFigure draws a panel for LP, one for each of the profile's methods with an FT stage, and the norm after
// training: Figure 1 on RTE, Figure 4 (a), (b), (c), (e) on CB and (d) on RTE.
func growthFigure(ctx context.Context, s *study.Session, id string) (report.Figure, *plots.Figure, error) {
	lp, err := probePanel(ctx, s, id)
	if err != nil {
		return report.Figure{}, nil, err
	}
	panels := []plots.CurvePanel{lp}
	for _, m := range fineTuned(s) {
		panel, err := coursePanel(ctx, s, id, m)
		if err != nil {
			return report.Figure{}, nil, err
		}
		panels = append(panels, panel)
	}
	bars, err := normBars(ctx, s, id)
	if err != nil {
		return report.Figure{}, nil, err
	}
	panels = append(panels, plots.CurvePanel{Title: "after training", YLabel: "‖V‖_{F}", Bars: bars})
	for i := range panels {
		panels[i].Title = fmt.Sprintf("(%c) %s", 'a'+i, panels[i].Title)
	}
	opt, err := plotOptions(ctx, s, fmt.Sprintf("Accuracy and classifier norm during training, %s", id), id)
	if err != nil {
		return report.Figure{}, nil, err
	}
	f, err := plots.NormGrowth(panels, opt)
	if err != nil {
		return report.Figure{}, nil, err
	}
	caption := fmt.Sprintf("%s: accuracy (left axes) and ‖V‖ (right axes) during training, and ‖V‖ after it. Further seeds are pale.", id)
	saved, err := saveFigure(s, "figure01-"+id, caption, f)
	return saved, f, err
}

// fineTuned are the profile's methods with an FT stage, in the paper's order: FT, LoRA, LP-FT, LP-LoRA.
func fineTuned(s *study.Session) []study.Method {
	return slices.DeleteFunc([]study.Method{study.FT, study.LoRA, study.LPFT, study.LPLoRA}, func(m study.Method) bool {
		return !slices.Contains(s.Profile.Methods, m)
	})
}

// probePanel is accuracy and ‖V‖ against the iterations of linear probing.
func probePanel(ctx context.Context, s *study.Session, id string) (plots.CurvePanel, error) {
	panel := plots.CurvePanel{Title: "LP", XLabel: "L-BFGS iterations", YLabel: "accuracy", RightLabel: "‖V‖_{F}", LogX: true}
	for i, seed := range s.Profile.Seeds {
		path, err := s.ProbePath(ctx, id, seed)
		if err != nil {
			return panel, err
		}
		addPath(&panel, path, i > 0)
	}
	return panel, nil
}

// coursePanel is accuracy and ‖V‖ against the epochs of a method's FT stage.
func coursePanel(ctx context.Context, s *study.Session, id string, m study.Method) (plots.CurvePanel, error) {
	panel := plots.CurvePanel{Title: m.Title(), XLabel: "epochs", YLabel: "accuracy", RightLabel: "‖V‖_{F}"}
	for i, seed := range s.Profile.Seeds {
		t, err := s.FineTune(ctx, id, m, seed)
		if err != nil {
			return panel, err
		}
		addCourse(&panel, t.Course, i > 0)
	}
	return panel, nil
}

// addPath adds the course of a linear probe.
func addPath(p *plots.CurvePanel, path []study.PathStep, faint bool) {
	accuracy := plots.Series{Name: "training accuracy", Faint: faint}
	norm := plots.Series{Name: "‖V‖", Faint: faint}
	for _, step := range path {
		accuracy.X, accuracy.Y = append(accuracy.X, float64(step.MaxIter)), append(accuracy.Y, step.TrainAccuracy)
		norm.X, norm.Y = append(norm.X, float64(step.MaxIter)), append(norm.Y, step.Norm)
	}
	p.Left, p.Right = append(p.Left, accuracy), append(p.Right, norm)
}

// addCourse adds validation accuracy and ‖V‖ of an FT stage.
func addCourse(p *plots.CurvePanel, c *finetune.Course, faint bool) {
	accuracy := plots.Series{Name: "validation accuracy", Faint: faint}
	norm := plots.Series{Name: "‖V‖", Faint: faint}
	for _, point := range c.Points {
		accuracy.X, accuracy.Y = append(accuracy.X, point.Epoch), append(accuracy.Y, point.Accuracy)
		norm.X, norm.Y = append(norm.X, point.Epoch), append(norm.Y, point.NormC)
	}
	p.Left, p.Right = append(p.Left, accuracy), append(p.Right, norm)
}

// normBars are the norms after training, mean over seeds.
func normBars(ctx context.Context, s *study.Session, id string) ([]plots.Bar, error) {
	var bars []plots.Bar
	for _, m := range s.Profile.Methods {
		var values []float64
		for _, seed := range s.Profile.Seeds {
			row, err := s.Measure(ctx, study.Spec{Task: id, Method: m, Seed: seed})
			if err != nil {
				return nil, err
			}
			values = append(values, row.NormC)
		}
		bar, err := barOf(m.Title(), values)
		if err != nil {
			return nil, err
		}
		bars = append(bars, bar)
	}
	return bars, nil
}

// normsFigure draws loss, ‖b‖ and the logits' norm during FT and LP-FT (section 4.4).
func normsFigure(ctx context.Context, s *study.Session, id string) (report.Figure, *plots.Figure, error) {
	var panels []plots.CurvePanel
	for _, m := range []study.Method{study.FT, study.LPFT} {
		loss := plots.CurvePanel{Title: m.Title() + ": loss and logits", XLabel: "epochs", YLabel: "validation loss", RightLabel: "mean ‖f(x)‖"}
		norms := plots.CurvePanel{Title: m.Title() + ": head", XLabel: "epochs", YLabel: "‖V‖_{F}", RightLabel: "‖b‖"}
		for i, seed := range s.Profile.Seeds {
			t, err := s.FineTune(ctx, id, m, seed)
			if err != nil {
				return report.Figure{}, nil, err
			}
			addNorms(&loss, &norms, t.Course, i > 0)
		}
		panels = append(panels, loss, norms)
	}
	opt, err := plotOptions(ctx, s, fmt.Sprintf("Loss, logits and bias during training, %s", id), id)
	if err != nil {
		return report.Figure{}, nil, err
	}
	f, err := plots.NormGrowth(panels, opt)
	if err != nil {
		return report.Figure{}, nil, err
	}
	caption := fmt.Sprintf("%s: validation loss and mean ‖f(x)‖, ‖V‖ and ‖b‖ during FT and LP-FT (section 4.4 of the paper).", id)
	saved, err := saveFigure(s, "figure01-norms-"+id, caption, f)
	return saved, f, err
}

// addNorms adds one run's curves to the two panels of a method.
func addNorms(loss, norms *plots.CurvePanel, c *finetune.Course, faint bool) {
	series := func(name string, value func(finetune.Point) float64) plots.Series {
		out := plots.Series{Name: name, Faint: faint}
		for _, p := range c.Points {
			out.X, out.Y = append(out.X, p.Epoch), append(out.Y, value(p))
		}
		return out
	}
	loss.Left = append(loss.Left, series("loss", func(p finetune.Point) float64 { return p.Loss }))
	loss.Right = append(loss.Right, series("‖f(x)‖", func(p finetune.Point) float64 { return p.LogitNorm }))
	norms.Left = append(norms.Left, series("‖V‖", func(p finetune.Point) float64 { return p.NormC }))
	norms.Right = append(norms.Right, series("‖b‖", func(p finetune.Point) float64 { return p.NormB }))
}

// ShowProbePath computes a probe's course and shows its ends.
func (s *Session) ShowProbePath(task string, seed uint64) {
	path := must(s.ProbePath(s.ctx, task, seed))
	first, last := path[0], path[len(path)-1]
	line(fmt.Sprintf("LP %s, seed %d", task, seed), "%d → %d iterations: ‖V‖ %.3g → %.3g, training accuracy %.3f → %.3f, training loss %.3f → %.3f",
		first.MaxIter, last.MaxIter, first.Norm, last.Norm, first.TrainAccuracy, last.TrainAccuracy, first.Loss, last.Loss)
}

// ShowFigure1 draws the panels of Figure 1 for a task.
func (s *Session) ShowFigure1(task string) {
	_, f, err := growthFigure(s.ctx, s.Session, task)
	if err != nil {
		fail(err)
	}
	PNG(must(f.PNG()))
}

// ShowFigure1Norms draws loss, logits and bias for a task.
func (s *Session) ShowFigure1Norms(task string) {
	_, f, err := normsFigure(s.ctx, s.Session, task)
	if err != nil {
		fail(err)
	}
	PNG(must(f.PNG()))
}
