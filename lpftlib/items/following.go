package items

import (
	"fmt"
	"slices"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// following compares trainings on a kernel's rows with what the kernel at the start predicts of them.
func following() Item {
	needs := planOf((*session.Session).PlanFollowing).needs(anyRun)
	return recipe[[]*study.Following]{needs: needs, data: eachRun(anyRun, (*session.Session).Following), view: followingView, judge: followingClaims}.item(Item{
		ID: "following", Covers: []string{"following"}, Part: beyond, seeds: beyondSeeds, Title: "Does training follow the kernel?",
		Claim:    "Does the kernel at the start predict what training does to the logits, and better from LP's head than from a random one?",
		Notebook: "beyond_following.ipynb",
	})
}

func anyRun(study.KernelRun) bool { return true }

var followingColumns = []string{"optimiser", "rate", "steps", "moved", "moved, test",
	"step by step", "step by step, test", "step by step, head alone", "path", "path, test", "path, P alone"}

const followingCaption = "Trainings on the kernel's rows without dropout, at their end. Moved: root mean square of ‖f − f0‖ of a row. " +
	"Then relative errors ‖f − predicted‖/‖f − f0‖, 1 for the prediction that nothing moves: of the model that is linear in its parameters, trained " +
	"step by step with the same batches, rates and clipping (SGD by the kernel at the start, Adam by the Jacobian), on training and test rows, and of the head alone; " +
	"and of the nearest place on the path of the kernel's gradient flow, whatever the speed. Methods of a pair train at the same batch and rate. " +
	"Mean over seeds (± sample deviation). "

func followingView(f *Facts, all []*study.Following) (View, error) {
	tasks := tasksOfRuns(all)
	table := report.Table{Columns: followingColumns, Caption: followingCaption + f.footer(tasks...)}
	for _, seeds := range bySetting(all) {
		row, err := followingRow(seeds)
		if err != nil {
			return View{}, err
		}
		table.Rows = append(table.Rows, row)
	}
	out := View{Tables: []report.Table{table}}
	for _, id := range tasks {
		for _, x := range followingAxes {
			fig, err := x.draw(f, id, all)
			if err != nil {
				return out, err
			}
			out.Figures = append(out.Figures, fig)
		}
	}
	return out, nil
}

// followingRow is a setting's end, over its seeds.
func followingRow(seeds []*study.Following) (report.Row, error) {
	first := seeds[0]
	row := report.Row{Dataset: first.Task, Method: first.Method.Title(), Cells: []report.Cell{{Ours: first.Optimiser.Title()},
		{Ours: fmt.Sprintf("%.2g", first.Recipe.LearningRate)}, {Ours: fmt.Sprint(first.Last().Step)}}}
	for _, value := range []func(*study.FollowingPoint) float64{
		func(p *study.FollowingPoint) float64 { return p.Moved },
		func(p *study.FollowingPoint) float64 { return p.MovedTest },
		(*study.FollowingPoint).LinearError,
		func(p *study.FollowingPoint) float64 { return p.Linear.Test },
		(*study.FollowingPoint).HeadError,
		(*study.FollowingPoint).PathError,
		func(p *study.FollowingPoint) float64 { return p.Path.Test },
		(*study.FollowingPoint).HeadPathError,
	} {
		var values []float64
		for _, s := range seeds {
			values = append(values, value(s.Last()))
		}
		cell, err := overSeeds(values)
		if err != nil {
			return row, err
		}
		row.Cells = append(row.Cells, cell)
	}
	return row, nil
}

// followingAxis is what errors are drawn against.
type followingAxis struct {
	name, label, words, title string
	all                       bool // also panels of the head alone, and of the nearest place on the path
	of                        func(*study.FollowingPoint) float64
}

var followingAxes = []followingAxis{
	{"steps", "steps", "the steps taken", "Error of the linear model's prediction while training goes on", true,
		func(p *study.FollowingPoint) float64 { return float64(p.Step) }},
	{"moved", "‖f − f_{0}‖ of a row", "how far a row's logits moved", "Error of the linear model's prediction against how far the logits moved", false,
		func(p *study.FollowingPoint) float64 { return p.Moved }},
}

// draw makes a panel for each optimiser and multiple of the rate; seeds after the first are pale.
func (x followingAxis) draw(f *Facts, id string, all []*study.Following) (Drawing, error) {
	var panels []plots.CurvePanel
	add := func(title string, series plots.Series) {
		i := slices.IndexFunc(panels, func(p plots.CurvePanel) bool { return p.Title == title })
		if i < 0 {
			i = len(panels)
			panels = append(panels, plots.CurvePanel{Title: title, XLabel: x.label, YLabel: "relative error", LogX: true})
		}
		panels[i].Left = append(panels[i].Left, series)
	}
	for _, kind := range []struct {
		drawn  bool
		suffix string
		of     func(*study.FollowingPoint) float64
	}{{true, "", (*study.FollowingPoint).LinearError}, {x.all, ", head alone", (*study.FollowingPoint).HeadError}, {x.all, ", path", (*study.FollowingPoint).PathError}} {
		seen := map[setting]bool{}
		for _, one := range all {
			if one.Task != id || !kind.drawn {
				continue
			}
			line := plots.Series{Name: one.Method.Title(), Faint: seen[settingOf(one)]}
			seen[settingOf(one)] = true
			for i := range one.Points {
				line.X, line.Y = append(line.X, x.of(&one.Points[i])), append(line.Y, kind.of(&one.Points[i]))
			}
			add(one.By()+kind.suffix, line)
		}
	}
	fig, err := plots.NormGrowth(panels, f.plot(fmt.Sprintf("%s, %s", x.title, id), id))
	caption := fmt.Sprintf("%s: ‖f − predicted‖/‖f − f0‖ on the training rows against %s; 1 is the prediction that nothing moves. "+
		"The prediction is the model that is linear in its parameters, trained by the same steps; panels \"path\" have the nearest place on the kernel's gradient flow. "+
		"Further seeds are pale.", id, x.words)
	return Drawing{fig, "following-" + x.name + "-" + id, caption}, err
}

// prediction is one way to predict a training, with the errors of the whole model and of the head alone.
type prediction struct {
	optimiser stage.Optimiser
	verb, to  string
	of, head  func(*study.FollowingPoint) float64
}

var predictions = []prediction{
	{stage.SGD, "By gradient descent", "its linear model", (*study.FollowingPoint).LinearError, (*study.FollowingPoint).HeadError},
	{stage.Adam, "By Adam", "its linear model", (*study.FollowingPoint).LinearError, (*study.FollowingPoint).HeadError},
	{stage.Adam, "By Adam", "its kernel's path", (*study.FollowingPoint).PathError, (*study.FollowingPoint).HeadPathError},
}

// followingClaims judges which start is nearer to its prediction, and what the prediction is worth.
func followingClaims(all []*study.Following) []paper.Claim {
	var out []paper.Claim
	for _, p := range predictions {
		mine := followingBy(all, p.optimiser)
		if len(mine) == 0 {
			continue
		}
		seeds := seedsOf(mine)
		for _, rival := range study.Rivals() {
			ends, distances := p.pairs(mine, rival)
			if len(ends) == 0 {
				continue
			}
			text := fmt.Sprintf("%s, %s is nearer to %s than %s", p.verb, rival[1].Title(), p.to, rival[0].Title())
			out = append(out, paper.Seeded(text+" after as many steps of the same rate", paper.Less, ends, seeds),
				paper.Seeded(text+" where both have moved as far", paper.Less, distances, seeds))
		}
		var better, any []paper.Pair
		for _, f := range mine {
			name, last := fmt.Sprintf("%s %s", f.Method.Title(), followingPlace(f)), f.Last()
			better = append(better, paper.Pair{Name: name, A: p.of(last), B: p.head(last)})
			any = append(any, paper.Pair{Name: name, A: p.of(last), B: 1})
		}
		out = append(out, paper.Seeded(p.verb+", training ends nearer to "+p.to+" than to that of the head alone", paper.Less, better, seeds),
			paper.Seeded(p.verb+", training ends nearer to "+p.to+" than to where it began", paper.Less, any, seeds))
	}
	return out
}

// followingBy are the trainings by an optimiser.
func followingBy(all []*study.Following, o stage.Optimiser) (out []*study.Following) {
	for _, f := range all {
		if f.Optimiser == o {
			out = append(out, f)
		}
	}
	return out
}

// followingPlace is where two methods can be compared: all but the method.
func followingPlace(f *study.Following) string {
	return fmt.Sprintf("%s seed %d, %s", f.Task, f.Seed, f.By())
}

// pairs compares the errors of two methods at the end, and where both have moved as far as the one that moved less. A is that
// of the method from LP's head.
func (p prediction) pairs(all []*study.Following, rival [2]study.Method) (ends, distances []paper.Pair) {
	for _, from := range all {
		for _, lp := range all {
			if from.Method != rival[0] || lp.Method != rival[1] || followingPlace(from) != followingPlace(lp) {
				continue
			}
			far := min(from.Farthest(), lp.Farthest())
			ends = append(ends, paper.Pair{Name: followingPlace(lp), A: p.of(lp.Last()), B: p.of(from.Last())})
			distances = append(distances, paper.Pair{Name: fmt.Sprintf("%s, moved by %.2g", followingPlace(lp), far), A: lp.ErrorAt(far, p.of), B: from.ErrorAt(far, p.of)})
		}
	}
	return ends, distances
}
