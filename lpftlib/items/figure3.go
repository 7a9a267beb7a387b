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
		more, err := s.PlanSweep(ctx, id, sweepMethods(s, id))
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
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
		out = append(out, sw)
	}
	return out, nil
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
		fig, err := plots.NormSweep(panels, f.plot(fmt.Sprintf("Feature changes against the classifier's norm, trained on %s", sw.task), sw.sets...))
		if err != nil {
			return out, err
		}
		caption := fmt.Sprintf("%s: Diff(F) on the test set against ‖V‖ at the start of the FT stage (reading %s of norm scaling). Lines are means over seeds %v, bands one sample deviation, dashed lines the norm without scaling. %s",
			sw.task, f.profile.NormReading, f.profile.Seeds, ratesNote(sw.methods, sw.rows))
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
	curve := plots.SweepCurve{Name: m.Title(), Unscaled: sw.unscaled[m]}
	for _, norm := range sw.norms {
		var diffs []float64
		start := 0.0
		for _, r := range sw.rows {
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
	return curve, nil
}

func figure3Claims(sweeps []sweep) []paper.Claim {
	var rows []study.Measures
	for _, sw := range sweeps {
		rows = append(rows, sw.rows...)
	}
	return []paper.Claim{paper.C3(curvesOf(rows))}
}
