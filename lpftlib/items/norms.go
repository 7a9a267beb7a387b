package items

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// norms takes the paper's two mechanisms apart, the norm of the head and its direction, and asks whether the kernel knows
// from which norm to start.
func norms() Item {
	return recipe[[]*study.ScaledStart]{needs: normsPlan, data: readNorms, view: normsView, judge: normsClaims}.item(Item{
		ID: "norms", Covers: []string{"norms"}, Part: beyond, seeds: beyondSeeds, Title: "Norm or direction, and which norm?",
		Claim:    "LP-FT's head is larger than a random one and points elsewhere: which of the two keeps features in place, at equal rates? And does the kernel, before any training, know the norm to start from?",
		Notebook: "beyond_norms.ipynb",
	})
}

// normRuns are trainings from random heads and from LP's, both at every norm of the profile, by Adam at the rate of Table 6
// for FT.
func normRuns(ctx context.Context, s *session.Session) ([]study.KernelRun, error) {
	runs, err := beyondRuns(ctx, s, movementRun)
	if err != nil {
		return nil, err
	}
	var out []study.KernelRun
	for _, run := range runs {
		for _, norm := range s.Profile.Norms {
			run.Scaling = study.Scaling{Norm: norm, Reading: "A"}
			out = append(out, run)
		}
	}
	return out, nil
}

func normsPlan(ctx context.Context, s *session.Session) ([]session.Planned, error) {
	if s.Profile.Beyond == nil {
		return nil, nil
	}
	runs, err := normRuns(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.PlanScaledStarts(ctx, runs)
}

func readNorms(ctx context.Context, s *session.Session) (out []*study.ScaledStart, err error) {
	runs, err := normRuns(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		one, err := s.ScaledStart(ctx, run)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// sweepsOf are the trainings of a task from one head at all its norms: by method and seed, in the order of the first of each.
func sweepsOf(all []*study.ScaledStart) (out [][]*study.ScaledStart) {
	at := map[study.Spec]int{}
	for _, one := range all {
		head := study.Spec{Task: one.Task, Method: one.Method, Seed: one.Seed}
		i, there := at[head]
		if !there {
			i = len(out)
			at[head] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], one)
	}
	return out
}

const normsCaption = "Trainings on the kernel's rows by Adam without dropout from random heads (FT) and from LP's (LP-FT), scaled to a norm, all at the batch and rate that Table 6 has for FT. Diff: of the test rows' features at the end. " +
	"Equation (5): mean over test rows of ‖(1/N) Σ Θ^φ V0ᵀ δ‖. NLL: of the validation half of the test rows, the lowest on the path of the kernel's gradient flow (foretold) and after an epoch of training, " +
	"and of the other half after that epoch. Mean over seeds (± sample deviation). "

const varianceCaption = "How much of the variance of ln Diff over all norms, directions and seeds goes with the norm, with the direction, with the two together, and with neither (the seed). "

const ruleCaption = "The norm with the lowest NLL of the validation rows: in training, for which every norm is trained, and foretold, for which the kernel of one head serves all its multiples. Then the NLL of the other rows with each. "

func normsView(f *Facts, all []*study.ScaledStart) (View, error) {
	tasks := tasksOfRuns(all)
	footer := f.footer(tasks...)
	table := report.Table{Columns: []string{"‖V0‖", "Diff", "equation (5)", "NLL foretold", "NLL", "NLL, other half", "accuracy, other half"}, Caption: normsCaption + footer}
	variance := report.Table{Columns: []string{"norm", "direction", "together", "seed"}, Caption: varianceCaption + footer}
	rule := report.Table{Columns: []string{"seed", "sweep's norm", "kernel's norm", "NLL of the sweep's", "NLL of the kernel's", "median NLL of all norms"}, Caption: ruleCaption + footer}
	out := View{}
	for _, id := range tasks {
		mine := slices.DeleteFunc(slices.Clone(all), func(n *study.ScaledStart) bool { return n.Task != id })
		if err := addNorms(&table, mine); err != nil {
			return out, err
		}
		row := report.Row{Dataset: id}
		for _, share := range sharesOfVariance(mine) {
			row.Cells = append(row.Cells, report.Cell{Ours: fmt.Sprintf("%.3g", share)})
		}
		variance.Rows = append(variance.Rows, row)
		for _, sweep := range sweepsOf(mine) {
			rule.Rows = append(rule.Rows, ruleRow(sweep))
		}
		fig, err := scaledStartsFigure(f, id, mine)
		if err != nil {
			return out, err
		}
		out.Figures = append(out.Figures, fig)
	}
	out.Tables = []report.Table{table, variance, rule}
	return out, nil
}

// addNorms adds a task's rows: a method at a norm, over the seeds.
func addNorms(table *report.Table, all []*study.ScaledStart) error {
	type place struct {
		method study.Method
		norm   float64
	}
	var order []place
	seeds := map[place][]*study.ScaledStart{}
	for _, n := range all {
		p := place{n.Method, n.Norm()}
		if seeds[p] == nil {
			order = append(order, p)
		}
		seeds[p] = append(seeds[p], n)
	}
	for _, p := range order {
		row, err := seedsRow(seeds[p], []report.Cell{{Ours: fmt.Sprintf("%g", p.norm)}},
			func(n *study.ScaledStart) *float64 { return &n.Diff }, func(n *study.ScaledStart) *float64 { return &n.Step },
			func(n *study.ScaledStart) *float64 { return &n.Foretold.NLL }, func(n *study.ScaledStart) *float64 { return &n.Trained.NLL },
			func(n *study.ScaledStart) *float64 { return &n.Test.NLL }, func(n *study.ScaledStart) *float64 { return &n.Test.Accuracy })
		if err != nil {
			return err
		}
		table.Rows = append(table.Rows, row)
	}
	return nil
}

// ruleRow is what a sweep and the kernel choose for one head.
func ruleRow(sweep []*study.ScaledStart) report.Row {
	trained, foretold := study.Chosen(sweep)
	row := report.Row{Dataset: trained.Task, Method: trained.Method.Title(), Cells: []report.Cell{{Ours: fmt.Sprint(trained.Seed)},
		{Ours: fmt.Sprintf("%g", trained.Norm())}, {Ours: fmt.Sprintf("%g", foretold.Norm())}}}
	for _, v := range []float64{trained.Test.NLL, foretold.Test.NLL, medianTestNLL(sweep)} {
		row.Cells = append(row.Cells, report.Cell{Ours: fmt.Sprintf("%.3g", v)})
	}
	return row
}

// medianTestNLL is what half of the norms are better than: the mean would follow the largest norms, whose losses are far
// above all others.
func medianTestNLL(sweep []*study.ScaledStart) float64 {
	var nll []float64
	for _, n := range sweep {
		nll = append(nll, n.Test.NLL)
	}
	slices.Sort(nll)
	return (nll[(len(nll)-1)/2] + nll[len(nll)/2]) / 2
}

// sharesOfVariance splits the sum of squares of ln Diff about its mean, of trainings with every pair of norm and direction as
// often as any other: by norm, by direction, by both together beyond that, and what is left within each pair. The shares
// sum to 1; they are zeros where Diff never differs.
func sharesOfVariance(all []*study.ScaledStart) (shares [4]float64) {
	var y []float64
	for _, n := range all {
		y = append(y, math.Log(n.Diff))
	}
	whole := squaresBetween(y, func(i int) any { return i })
	if !(whole > 0) {
		return shares
	}
	norm := squaresBetween(y, func(i int) any { return all[i].Norm() }) / whole
	direction := squaresBetween(y, func(i int) any { return all[i].Method }) / whole
	cell := squaresBetween(y, func(i int) any { return study.Spec{Method: all[i].Method, Scaling: all[i].Scaling} }) / whole
	return [4]float64{norm, direction, cell - norm - direction, 1 - cell}
}

// squaresBetween is the sum of squares of y about its mean when every number is replaced by the mean of its group.
func squaresBetween(y []float64, group func(int) any) float64 {
	groups := map[any][]float64{}
	for i, v := range y {
		groups[group(i)] = append(groups[group(i)], v)
	}
	mean, sum := stat.Mean(y, nil), 0.0
	for _, g := range groups {
		d := stat.Mean(g, nil) - mean
		sum += float64(len(g)) * d * d
	}
	return sum
}

// scaledStartsFigure draws Diff, equation (5) and the losses against the norm, a line a method; seeds after the first are pale.
func scaledStartsFigure(f *Facts, id string, all []*study.ScaledStart) (Drawing, error) {
	var panels []plots.CurvePanel
	for _, c := range []struct {
		title, label string
		of           func(*study.ScaledStart) float64
	}{
		{"features moved", "Diff", func(n *study.ScaledStart) float64 { return n.Diff }},
		{"equation (5)", "log_{10} of the first step", func(n *study.ScaledStart) float64 { return math.Log10(n.Step) }},
		{"validation loss, trained", "log_{10} NLL", func(n *study.ScaledStart) float64 { return math.Log10(n.Trained.NLL) }},
		{"validation loss, foretold", "log_{10} NLL", func(n *study.ScaledStart) float64 { return math.Log10(n.Foretold.NLL) }},
	} {
		panel := plots.CurvePanel{Title: c.title, XLabel: "‖V_{0}‖_{F}", YLabel: c.label, LogX: true}
		seen := map[study.Method]bool{}
		for _, sweep := range sweepsOf(all) {
			line := plots.Series{Name: sweep[0].Method.Title(), Faint: seen[sweep[0].Method]}
			seen[sweep[0].Method] = true
			for _, n := range sweep {
				line.X, line.Y = append(line.X, n.Norm()), append(line.Y, c.of(n))
			}
			panel.Left = append(panel.Left, line)
		}
		panels = append(panels, panel)
	}
	fig, err := plots.NormGrowth(panels, f.plot("Heads of one direction at several norms, "+id, id))
	caption := id + ": random heads (FT) and LP's (LP-FT), scaled to a norm and trained at one batch and rate: how far the test rows' features move, what equation (5) says of the first step, " +
		"and the validation rows' lowest loss in training and on the path of the kernel's gradient flow. Further seeds are pale."
	return Drawing{fig, "norms-" + id, caption}, err
}

// normsClaims judges what moves features less, and what the kernel's choice of a norm is worth.
func normsClaims(all []*study.ScaledStart) []paper.Claim {
	var larger, explains, ordered, same, better []paper.Pair
	for _, id := range tasksOfRuns(all) {
		mine := slices.DeleteFunc(slices.Clone(all), func(n *study.ScaledStart) bool { return n.Task != id })
		shares := sharesOfVariance(mine)
		explains = append(explains, paper.Pair{Name: id, A: shares[1], B: shares[0]})
		for _, sweep := range sweepsOf(mine) {
			name := fmt.Sprintf("%s %s seed %d", sweep[0].Method.Title(), id, sweep[0].Seed)
			least, most := ends(sweep)
			larger = append(larger, paper.Pair{Name: name, A: most.Diff, B: least.Diff})
			ordered = append(ordered, paper.Pair{Name: name, A: 0, B: correlation(sweep)})
			trained, foretold := study.Chosen(sweep)
			same = append(same, paper.Pair{Name: name, A: foretold.Norm(), B: trained.Norm()})
			better = append(better, paper.Pair{Name: name, A: foretold.Test.NLL, B: medianTestNLL(sweep)})
		}
	}
	seeds := seedsOf(all)
	return []paper.Claim{
		paper.Seeded("A head of the profile's largest norm moves features less than one of the smallest, of one direction and at one rate", paper.Less, larger, seeds),
		paper.Seeded("The head's norm goes with more of the variance of ln Diff than its direction", paper.Less, explains, seeds),
		paper.Seeded("Where equation (5) says that the first step moves features more, training moves them more (correlation of logarithms over the norms above 0)", paper.Less, ordered, seeds),
		paper.Seeded("The kernel chooses the norm that the sweep chooses by validation", paper.Equal, same, seeds),
		paper.Seeded("The norm that the kernel chooses tests better than the median of all norms", paper.Less, better, seeds),
	}
}

// ends are the trainings with the smallest and the largest norm.
func ends(sweep []*study.ScaledStart) (least, most *study.ScaledStart) {
	by := func(a, b *study.ScaledStart) int { return int(math.Copysign(1, a.Norm()-b.Norm())) }
	return slices.MinFunc(sweep, by), slices.MaxFunc(sweep, by)
}

// correlation is that of ln Step with ln Diff over the norms; NaN where one of them does not vary.
func correlation(sweep []*study.ScaledStart) float64 {
	var x, y []float64
	for _, n := range sweep {
		x, y = append(x, math.Log(n.Step)), append(y, math.Log(n.Diff))
	}
	if floats.Max(x) == floats.Min(x) || floats.Max(y) == floats.Min(y) {
		return math.NaN()
	}
	return stat.Correlation(x, y, nil)
}
