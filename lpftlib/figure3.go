package lpftlib

import (
	"context"
	"fmt"
	"slices"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// sweepTasks are those of the session's tasks that the profile sweeps norms on.
func sweepTasks(ctx context.Context, s *study.Session) ([]string, error) {
	return chosenTasks(ctx, s, s.Profile.SweepTasks)
}

// sweepMethods are the methods of a task's sweep: the profile's, but FT and LP-FT only where models
// are measured on shifted test sets too (docs/protocol.md, Norm scaling).
func sweepMethods(s *study.Session, id string) []study.Method {
	return slices.DeleteFunc(slices.Clone(s.Profile.SweepMethods), func(m study.Method) bool { return m.LowRank() && withShifted(s, id) })
}

// BuildFigure3 is Figures 3, 10 and 11: Diff(F) against the norm that the head is scaled to.
func BuildFigure3(ctx context.Context, s *study.Session) (*Built, error) {
	ids, err := sweepTasks(ctx, s)
	if err != nil {
		return nil, err
	}
	var figures []report.Figure
	var rows []study.Measures
	for _, id := range ids {
		f, measured, err := sweepFigure(ctx, s, id)
		if err != nil {
			return nil, err
		}
		figures, rows = append(figures, f), append(rows, measured...)
	}
	return built(ctx, s, "figure3", nil, figures, []paper.Claim{paper.C3(curvesOf(rows))})
}

// sweepFigure draws one panel a test set.
func sweepFigure(ctx context.Context, s *study.Session, id string) (report.Figure, []study.Measures, error) {
	methods := sweepMethods(s, id)
	rows, err := s.NormSweep(ctx, id, methods)
	if err != nil {
		return report.Figure{}, nil, err
	}
	sets, err := s.TestSets(ctx, id)
	if err != nil {
		return report.Figure{}, nil, err
	}
	var panels []plots.SweepPanel
	for i, set := range sets {
		panel := plots.SweepPanel{Title: fmt.Sprintf("(%c) %s", 'a'+i, set)}
		for _, m := range methods {
			curve, err := sweepCurve(ctx, s, rows, id, set, m)
			if err != nil {
				return report.Figure{}, nil, err
			}
			panel.Curves = append(panel.Curves, curve)
		}
		panels = append(panels, panel)
	}
	opt, err := plotOptions(ctx, s, fmt.Sprintf("Feature changes against the classifier's norm, trained on %s", id), append([]string{id}, sets...)...)
	if err != nil {
		return report.Figure{}, nil, err
	}
	f, err := plots.NormSweep(panels, opt)
	if err != nil {
		return report.Figure{}, nil, err
	}
	caption := fmt.Sprintf("%s: Diff(F) on the test set against ‖V‖ at the start of the FT stage (reading %s of norm scaling). Lines are means over seeds %v, bands one sample deviation, dashed lines the norm without scaling.",
		id, s.Profile.NormReading, s.Profile.Seeds)
	saved, err := saveFigure(s, "figure03-"+id, caption, f)
	return saved, rows, err
}

// sweepCurve is one method's line on one test set.
func sweepCurve(ctx context.Context, s *study.Session, rows []study.Measures, id, set string, m study.Method) (plots.SweepCurve, error) {
	curve := plots.SweepCurve{Name: m.Title()}
	for _, norm := range s.Profile.Norms {
		var diffs []float64
		start := 0.0
		for _, r := range rows {
			if r.TestSet == set && r.Method == m && r.Scaling.Norm == norm {
				diffs, start = append(diffs, r.Diff), r.NormStart
			}
		}
		spread, err := measure.Summarise(diffs)
		if err != nil {
			return curve, err
		}
		curve.Norms, curve.Mean = append(curve.Norms, start), append(curve.Mean, spread.Mean)
		if spread.N > 1 {
			curve.Spread = append(curve.Spread, spread.Std)
		}
	}
	unscaled, err := s.StartNorm(ctx, id, m, s.Profile.Seeds[0])
	curve.Unscaled = unscaled
	return curve, err
}

// ShowSweep draws the norm sweep of a task.
func (s *Session) ShowSweep(task string) {
	f, _, err := sweepFigure(s.ctx, s.Session, task)
	if err != nil {
		fail(err)
	}
	s.showFigure(f)
}

// EachSweep calls f for every task that norms are swept on.
func (s *Session) EachSweep(f func(task string)) {
	for _, id := range must(sweepTasks(s.ctx, s.Session)) {
		f(id)
	}
}
