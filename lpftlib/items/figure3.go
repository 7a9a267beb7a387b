package items

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lpft/lpftlib/measure"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// figure3 is Figures 3, 10 and 11: Diff(F) against the norm that the head is scaled to.
func figure3() Item {
	return recipe[[]sweep]{needs: sweepPlan, data: readSweeps, view: figure3View, judge: figure3Claims}.item(Item{
		ID: "figure3", Covers: []string{"figure3", "figure10", "figure11"}, Title: "Figures 3, 10, 11: feature changes against the classifier's norm",
		Claim:    "The larger the classifier's norm at the start of the FT stage, the less features change, with LP-FT below FT.",
		Notebook: "figure03_norm_sweep.ipynb",
	})
}

// sweep is a task's runs with heads scaled to the profile's norms.
type sweep struct {
	task     string
	sets     []string // test sets, the task's own first
	methods  []study.Method
	norms    []float64 // that heads are scaled to, or by: the profile's reading
	rows     []study.Measures
	unscaled map[study.Method]float64 // ‖V0‖ without scaling, of the first seed
	control  []study.Control          // the same at equal batch and rate: first seed, the task's own test set
}

// sweepMethods are the methods of a task's sweep: the profile's, but FT and LP-FT only where models
// are measured on shifted test sets too (docs/protocol.md, Norm scaling).
func sweepMethods(s *session.Session, id string) []study.Method {
	return slices.DeleteFunc(slices.Clone(s.Profile.SweepMethods), func(m study.Method) bool { return m.LowRank() && withShifted(s, id) })
}

func sweepPlan(ctx context.Context, s *session.Session) ([]session.Planned, error) {
	ids, err := chosenTasks(ctx, s, s.Profile.SweepTasks)
	if err != nil {
		return nil, err
	}
	var steps []session.Planned
	for _, id := range ids {
		methods := sweepMethods(s, id)
		more, err := s.PlanSweep(ctx, id, methods)
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
		err = eachNorm(s, id, func(start study.Spec) error {
			more, err := s.PlanEqualRates(ctx, start, methods)
			steps = append(steps, more...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return steps, nil
}

func readSweeps(ctx context.Context, s *session.Session) ([]sweep, error) {
	ids, err := chosenTasks(ctx, s, s.Profile.SweepTasks)
	if err != nil {
		return nil, err
	}
	var out []sweep
	for _, id := range ids {
		sw := sweep{task: id, methods: sweepMethods(s, id), norms: s.Profile.Norms, unscaled: map[study.Method]float64{}}
		if sw.rows, err = s.NormSweep(ctx, id, sw.methods); err != nil {
			return nil, err
		}
		if sw.sets, err = s.TestSets(ctx, id); err != nil {
			return nil, err
		}
		for _, m := range sw.methods {
			if sw.unscaled[m], err = s.StartNorm(ctx, id, m, s.Profile.Seeds[0]); err != nil {
				return nil, err
			}
		}
		err = eachNorm(s, id, func(start study.Spec) error {
			cells, err := s.EqualRates(ctx, start, sw.methods)
			sw.control = append(sw.control, cells...)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, sw)
	}
	return out, nil
}

// eachNorm calls f with the start of the control's runs at every norm: of the first seed alone, for a control of all seeds would
// take as long again as the sweep itself.
func eachNorm(s *session.Session, id string, f func(start study.Spec) error) error {
	for _, norm := range s.Profile.Norms {
		scaling, err := study.ParseScaling(norm, s.Profile.NormReading)
		if err != nil {
			return err
		}
		if err := f(study.Spec{Task: id, Seed: s.Profile.Seeds[0], Scaling: scaling}); err != nil {
			return err
		}
	}
	return nil
}

func figure3View(f *Facts, sweeps []sweep) (View, error) {
	var out View
	for _, sw := range sweeps {
		var panels []plots.SweepPanel
		for i, set := range sw.sets {
			panel := plots.SweepPanel{Title: fmt.Sprintf("(%c) %s", 'a'+i, set)}
			for _, m := range sw.methods {
				curve, err := sw.curve(set, m)
				if err != nil {
					return out, err
				}
				panel.Curves = append(panel.Curves, curve)
			}
			panels = append(panels, panel)
		}
		control, err := sw.controlPanels(len(panels))
		if err != nil {
			return out, err
		}
		panels = append(panels, control...)
		fig, err := plots.NormSweep(panels, f.plot(fmt.Sprintf("Feature changes against the classifier's norm, trained on %s", sw.task), sw.sets...))
		if err != nil {
			return out, err
		}
		caption := fmt.Sprintf("%s: Diff(F) on the test set against ‖V‖ at the start of the FT stage (reading %s of norm scaling). Lines are means over seeds %v, bands one sample deviation, dashed lines the norm without scaling. %s",
			sw.task, f.profile.NormReading, f.profile.Seeds, ratesNote(sw.methods, sw.rows))
		if len(control) > 0 {
			caption += fmt.Sprintf(" Panels at equal rates (seed %d): curves differ in the direction of the head at the start only.", f.profile.Seeds[0])
		}
		out.Figures = append(out.Figures, Drawing{fig, "figure03-" + sw.task, caption})
	}
	return out, nil
}

// ratesNote states the batch and learning rate of every method: the curves of two differ in them too.
func ratesNote(methods []study.Method, rows []study.Measures) string {
	var parts []string
	for _, m := range methods {
		for _, r := range rows {
			if recipe := r.Setting.Recipe; r.Method == m && recipe != nil {
				parts = append(parts, fmt.Sprintf("%s %d, %.0e", m.Title(), recipe.Batch, recipe.LearningRate))
				break
			}
		}
	}
	return "Batch and learning rate: " + strings.Join(parts, "; ") + "."
}

// curve is one method's line on one test set.
func (sw sweep) curve(set string, m study.Method) (plots.SweepCurve, error) {
	var rows []study.Measures
	for _, r := range sw.rows {
		if r.TestSet == set && r.Method == m {
			rows = append(rows, r)
		}
	}
	return sw.line(m, rows)
}

// line is a method's line through rows of its own.
func (sw sweep) line(m study.Method, rows []study.Measures) (plots.SweepCurve, error) {
	curve := plots.SweepCurve{Name: m.Title(), Unscaled: sw.unscaled[m]}
	for _, norm := range sw.norms {
		var diffs []float64
		start := 0.0
		for _, r := range rows {
			if r.Scaling.Norm == norm {
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
	return curve, nil
}

func figure3Claims(sweeps []sweep) []paper.Claim {
	var rows []study.Measures
	for _, sw := range sweeps {
		rows = append(rows, sw.rows...)
	}
	claims := []paper.Claim{paper.C3(curvesOf(rows))}
	if pairs := sweepPairs(sweeps); len(pairs) > 0 {
		claims = append(claims, paper.AtEqualNorms(pairs))
	}
	return claims
}
