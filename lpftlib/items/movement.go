package items

import (
	"fmt"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// movement follows the kernel itself while FT and LP-FT train on its rows.
func movement() Item {
	needs := planOf((*session.Session).PlanMovement).needs(movementRun)
	return recipe[[]*study.Movement]{needs: needs, data: eachRun(movementRun, (*session.Session).Movement), view: movementView, judge: movementClaims}.item(Item{
		ID: "movement", Covers: []string{"movement"}, Part: beyond, seeds: beyondSeeds, Title: "How far does the kernel move?",
		Claim:    "The NTK regime is that the kernel stays what it is. How far do Θ, P and F move during FT and LP-FT, in which layers, and towards the labels?",
		Notebook: "beyond_movement.ipynb",
	})
}

// movementRun takes of the trainings those of all parameters by Adam at the rate of Table 6.
func movementRun(r study.KernelRun) bool {
	return r.Optimiser == stage.Adam && r.Multiple == 1 && !r.Method.LowRank()
}

// kernelMoves are the kernels of a point by name.
var kernelMoves = []struct {
	name string
	of   func(*study.MovementPoint) study.KernelMove
}{
	{"P", func(p *study.MovementPoint) study.KernelMove { return p.P }},
	{"F", func(p *study.MovementPoint) study.KernelMove { return p.F }},
	{"Θ", func(p *study.MovementPoint) study.KernelMove { return p.Theta }},
}

// moveColumns are the columns of both tables; nil where a number is undefined.
var moveColumns = []struct {
	name string
	of   func(start, end study.KernelMove) *float64
}{
	{"change", func(_, end study.KernelMove) *float64 { return &end.Change }},
	{"alignment with the start", func(_, end study.KernelMove) *float64 { return &end.Start }},
	{"with the labels at the start", func(start, _ study.KernelMove) *float64 { return start.Labels }},
	{"with the labels at the end", func(_, end study.KernelMove) *float64 { return end.Labels }},
	{"effective rank at the start", func(start, _ study.KernelMove) *float64 { return &start.Rank }},
	{"effective rank at the end", func(_, end study.KernelMove) *float64 { return &end.Rank }},
}

const movementCaption = "Kernels after training on their own rows by Adam without dropout, beside the start. Change: ‖K − K0‖/‖K0‖. " +
	"Alignments are of centred kernels (CKA); the labels' kernel is yyᵀ, with which rows of one class alone have no alignment. Effective rank: exp of the entropy of the normalised singular values. " +
	"FT and LP-FT train at the batch and rate that Table 6 has for FT. Mean over seeds (± sample deviation). "

func movementView(f *Facts, all []*study.Movement) (View, error) {
	tasks := tasksOfRuns(all)
	whole := report.Table{Columns: []string{"kernel"}, Caption: movementCaption + f.footer(tasks...)}
	groups := report.Table{Columns: []string{"part of F", "share at the start", "share at the end"}, Caption: "The same for each parameter group's part of F, with its share of tr(F)."}
	for _, c := range moveColumns {
		whole.Columns, groups.Columns = append(whole.Columns, c.name), append(groups.Columns, c.name)
	}
	for _, seeds := range bySetting(all) {
		if err := addMovement(&whole, &groups, seeds); err != nil {
			return View{}, err
		}
	}
	out := View{Tables: []report.Table{whole, groups}}
	for _, id := range tasks {
		fig, err := movementFigure(f, id, all)
		if err != nil {
			return out, err
		}
		out.Figures = append(out.Figures, fig)
	}
	return out, nil
}

// addMovement adds a method's rows to both tables.
func addMovement(whole, groups *report.Table, seeds []*study.Movement) error {
	columns := func(of func(*study.MovementPoint) study.KernelMove) (out []func(*study.Movement) *float64) {
		for _, c := range moveColumns {
			out = append(out, func(m *study.Movement) *float64 { return c.of(of(&m.Points[0]), of(m.Last())) })
		}
		return out
	}
	for _, k := range kernelMoves {
		r, err := seedsRow(seeds, []report.Cell{{Ours: k.name}}, columns(k.of)...)
		if err != nil {
			return err
		}
		whole.Rows = append(whole.Rows, r)
	}
	for g, group := range seeds[0].Points[0].Groups {
		shares := []func(*study.Movement) *float64{
			func(m *study.Movement) *float64 { return &m.Points[0].Groups[g].Share },
			func(m *study.Movement) *float64 { return &m.Last().Groups[g].Share },
		}
		r, err := seedsRow(seeds, []report.Cell{{Ours: group.Name}}, append(shares, columns(func(p *study.MovementPoint) study.KernelMove { return p.Groups[g].KernelMove })...)...)
		if err != nil {
			return err
		}
		groups.Rows = append(groups.Rows, r)
	}
	return nil
}

// movementCurves are what is drawn over the epochs.
var movementCurves = []struct {
	title, label string
	of           func(study.KernelMove) *float64
}{
	{"like the start", "CKA", func(m study.KernelMove) *float64 { return &m.Start }},
	{"like the labels", "CKA", func(m study.KernelMove) *float64 { return m.Labels }},
	{"change", "‖K − K_{0}‖/‖K_{0}‖", func(m study.KernelMove) *float64 { return &m.Change }},
}

// movementFigure draws a row of panels for each of them, and a panel for each kernel; seeds after the first are pale.
func movementFigure(f *Facts, id string, all []*study.Movement) (Drawing, error) {
	var panels []plots.CurvePanel
	for _, c := range movementCurves {
		for _, k := range kernelMoves {
			panel := plots.CurvePanel{Title: k.name + ": " + c.title, XLabel: "epochs", YLabel: c.label}
			seen := map[study.Method]bool{}
			for _, m := range all {
				if m.Task != id {
					continue
				}
				line := plots.Series{Name: m.Method.Title(), Faint: seen[m.Method]}
				seen[m.Method] = true
				for e := range m.Points {
					if y := c.of(k.of(&m.Points[e])); y != nil {
						line.X, line.Y = append(line.X, float64(m.Points[e].Epoch)), append(line.Y, *y)
					}
				}
				if len(line.X) > 0 {
					panel.Left = append(panel.Left, line)
				}
			}
			if len(panel.Left) > 0 {
				panels = append(panels, panel)
			}
		}
	}
	fig, err := plots.NormGrowth(panels, f.plot("Kernels during training on their own rows, "+id, id))
	caption := id + ": centred kernel alignment of P, F and Θ with themselves at the start and with the labels, and their relative change, " +
		"after every epoch. Further seeds are pale."
	return Drawing{fig, "movement-" + id, caption}, err
}

// movementClaims judges which start keeps its kernel, and whether kernels turn to the labels.
func movementClaims(all []*study.Movement) []paper.Claim {
	seeds := seedsOf(all)
	var kept, changed, turned []paper.Pair
	for _, m := range all {
		if start, end := m.Points[0].Theta.Labels, m.Last().Theta.Labels; start != nil && end != nil {
			turned = append(turned, paper.Pair{Name: fmt.Sprintf("%s %s seed %d", m.Method.Title(), m.Task, m.Seed), A: *start, B: *end})
		}
		for _, other := range all {
			if m.Method == study.FT && other.Method == study.LPFT && m.Task == other.Task && m.Seed == other.Seed {
				name := fmt.Sprintf("%s seed %d", m.Task, m.Seed)
				kept = append(kept, paper.Pair{Name: name, A: m.Last().Theta.Start, B: other.Last().Theta.Start})
				changed = append(changed, paper.Pair{Name: name, A: other.Last().Theta.Change, B: m.Last().Theta.Change})
			}
		}
	}
	return []paper.Claim{
		paper.Seeded("Θ of LP-FT stays better aligned with its start than FT's, at equal rates", paper.Less, kept, seeds),
		paper.Seeded("Θ of LP-FT changes less than FT's, relative to its norm at the start, at equal rates", paper.Less, changed, seeds),
		paper.Seeded("Θ turns towards the labels during training", paper.Less, turned, seeds),
	}
}
