package items

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/probe"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// stability asks what of linear probing's head is the data's, and what the order of the rows, the folds and the stopping
// rule make of it.
func stability() Item {
	return recipe[[]stabilityOfTask]{needs: stabilityPlan, data: readStability, view: stabilityView, judge: stabilityClaims}.item(Item{
		ID: "stability", Covers: []string{"stability"}, Part: beyond, seeds: rowOrders, Title: "How firm is the head of linear probing?",
		Claim:    "LP-FT starts from the head that five folds choose. How do κ* and ‖V‖ change with the order of the rows, the number of folds and the stopping rule, and is there a steadier choice?",
		Notebook: "beyond_stability.ipynb",
	})
}

// stabilityOfTask is a task's probes in every row order, and the head of every κ.
type stabilityOfTask struct {
	task      string
	orders    []*study.Stability
	strengths []study.ProbeStrength
}

func stabilityPlan(ctx context.Context, s *session.Session) ([]session.Planned, error) {
	if s.Profile.Beyond == nil {
		return nil, nil
	}
	ids, err := chosenTasks(ctx, s, s.Profile.Beyond.Tasks)
	if err != nil {
		return nil, err
	}
	return s.PlanStability(ctx, ids, s.Profile.Beyond.Orders)
}

func readStability(ctx context.Context, s *session.Session) (out []stabilityOfTask, err error) {
	if s.Profile.Beyond == nil {
		return nil, absent{`a profile with the key "beyond"`}
	}
	ids, err := chosenTasks(ctx, s, s.Profile.Beyond.Tasks)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		one := stabilityOfTask{task: id}
		if one.strengths, err = s.Strengths(ctx, id); err != nil {
			return nil, err
		}
		for _, order := range s.Profile.Beyond.Orders {
			probes, err := s.Stability(ctx, id, order)
			if err != nil {
				return nil, err
			}
			one.orders = append(one.orders, probes)
		}
		out = append(out, one)
	}
	return out, nil
}

// way is how κ* is found: by so many folds, each fit ended by a stopping rule.
type way struct {
	folds int
	stop  string
}

// ways are those that a task's probes were fitted in.
func (t stabilityOfTask) ways() (out []way) {
	for _, f := range t.orders[0].Fits {
		out = append(out, way{f.Folds, f.Stop})
	}
	return out
}

// fits are the probes found in one way, order by order.
func (t stabilityOfTask) fits(w way) (out []*study.ProbeFit) {
	for _, o := range t.orders {
		if f := o.Fit(w.folds, w.stop); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// valuesOf are a number of some fits.
func valuesOf(fits []*study.ProbeFit, value func(*study.ProbeFit) float64) (out []float64) {
	for _, f := range fits {
		out = append(out, value(f))
	}
	return out
}

func normOf(f *study.ProbeFit) float64     { return f.Norm }
func logNormOf(f *study.ProbeFit) float64  { return math.Log(f.Norm) }
func logKappaOf(f *study.ProbeFit) float64 { return math.Log(f.Kappa) }

const stabilityCaption = "Linear probes with the training rows in %d orders. κ*: how many orders chose each. Near: κ of the grid, of ten, whose held-out accuracy is within one standard error of the best, mean over orders. " +
	"Random head: ‖V‖ from which FT starts. "

const averagedCaption = "Held-out accuracies averaged over row orders (repeated cross-validation): the κ* that all orders choose together, and each half of them. " +
	"‖V‖ and accuracies are of the minimiser with the κ* of all orders. "

func stabilityView(f *Facts, all []stabilityOfTask) (View, error) {
	out := View{Tables: []report.Table{
		{Columns: []string{"folds", "stops", "κ*", "smallest ‖V‖", "largest ‖V‖", "ratio", "random head", "near", "test accuracy"}},
		{Columns: []string{"folds", "stops", "κ*, all orders", "first half", "second half", "‖V‖", "train accuracy", "test accuracy"}},
	}}
	var tasks []string
	for _, t := range all {
		tasks = append(tasks, t.task)
		for _, w := range t.ways() {
			row, err := t.spreadRow(w)
			if err != nil {
				return out, err
			}
			out.Tables[0].Rows = append(out.Tables[0].Rows, row)
			out.Tables[1].Rows = append(out.Tables[1].Rows, t.averagedRow(w))
		}
		fig, err := t.figure(f)
		if err != nil {
			return out, err
		}
		out.Figures = append(out.Figures, fig)
	}
	footer := f.footer(tasks...)
	out.Tables[0].Caption = fmt.Sprintf(stabilityCaption, len(f.profile.Beyond.Orders)) + footer
	out.Tables[1].Caption = averagedCaption + footer
	return out, nil
}

// spreadRow is what the row orders make of a probe that is found in one way.
func (t stabilityOfTask) spreadRow(w way) (report.Row, error) {
	fits := t.fits(w)
	norms := valuesOf(fits, normOf)
	least, most := floats.Min(norms), floats.Max(norms)
	var random []float64
	for _, o := range t.orders {
		random = append(random, o.Random)
	}
	row := report.Row{Dataset: t.task, Cells: []report.Cell{{Ours: fmt.Sprint(w.folds)}, {Ours: w.stop}, {Ours: chosen(fits)},
		{Ours: fmt.Sprintf("%.3g", least)}, {Ours: fmt.Sprintf("%.3g", most)}, {Ours: fmt.Sprintf("%.3g", most/least)}}}
	for _, values := range [][]float64{random, valuesOf(fits, func(f *study.ProbeFit) float64 { return float64(f.Near) }), valuesOf(fits, func(f *study.ProbeFit) float64 { return f.Accuracy })} {
		cell, err := overSeeds(values)
		if err != nil {
			return row, err
		}
		row.Cells = append(row.Cells, cell)
	}
	return row, nil
}

// chosen counts the κ* of some fits: "0.00599 × 7, 2.78 × 3".
func chosen(fits []*study.ProbeFit) string {
	count := map[float64]int{}
	var kappas []float64
	for _, f := range fits {
		if count[f.Kappa]++; count[f.Kappa] == 1 {
			kappas = append(kappas, f.Kappa)
		}
	}
	slices.Sort(kappas)
	var parts []string
	for _, k := range kappas {
		parts = append(parts, fmt.Sprintf("%.3g × %d", k, count[k]))
	}
	return strings.Join(parts, ", ")
}

// averagedRow is what cross-validation repeated over the row orders chooses.
func (t stabilityOfTask) averagedRow(w way) report.Row {
	fits := t.fits(w)
	row := report.Row{Dataset: t.task, Cells: []report.Cell{{Ours: fmt.Sprint(w.folds)}, {Ours: w.stop}}}
	first, second := halves(fits)
	kappa := study.AveragedKappa(fits)
	for _, k := range []float64{kappa, study.AveragedKappa(first), study.AveragedKappa(second)} {
		row.Cells = append(row.Cells, report.Cell{Ours: fmt.Sprintf("%.3g", k)})
	}
	i := slices.IndexFunc(t.strengths, func(s study.ProbeStrength) bool { return s.Kappa == kappa })
	head := t.strengths[i]
	for _, v := range []float64{head.Norm, head.Train, head.Accuracy} {
		row.Cells = append(row.Cells, report.Cell{Ours: fmt.Sprintf("%.3g", v)})
	}
	return row
}

// halves are every other fit, and the rest; of one fit both are that one.
func halves(fits []*study.ProbeFit) (first, second []*study.ProbeFit) {
	if len(fits) == 1 {
		return fits, fits
	}
	for i, f := range fits {
		if i%2 == 0 {
			first = append(first, f)
		} else {
			second = append(second, f)
		}
	}
	return first, second
}

// figure draws what the choice is made from: held-out accuracies in every row order, the head of every κ, and the norms
// that come out.
func (t stabilityOfTask) figure(f *Facts) (Drawing, error) {
	usual := way{study.PaperFolds, t.orders[0].Fits[0].Stop}
	if len(t.fits(usual)) == 0 {
		usual = t.ways()[0]
	}
	choice := plots.CurvePanel{Title: fmt.Sprintf("(a) held-out accuracy, %d folds", usual.folds), XLabel: "κ", YLabel: "accuracy", LogX: true}
	for i, fit := range t.fits(usual) {
		choice.Left = append(choice.Left, plots.Series{Name: fmt.Sprintf("%d folds", usual.folds), X: fit.Kappas, Y: fit.Scores, Faint: i > 0})
	}
	head := plots.CurvePanel{Title: "(b) the head of each κ", XLabel: "κ", YLabel: "accuracy", LogX: true, RightLabel: "‖V‖_{F}", LogRight: true}
	var kappas, train, test, norms []float64
	for _, s := range t.strengths {
		kappas, train, test, norms = append(kappas, s.Kappa), append(train, s.Train), append(test, s.Accuracy), append(norms, s.Norm)
	}
	head.Left = []plots.Series{{Name: "training rows", X: kappas, Y: train}, {Name: "test rows", X: kappas, Y: test}}
	head.Right = []plots.Series{{Name: "‖V‖", X: kappas, Y: norms}}
	sorted := plots.CurvePanel{Title: "(c) ‖V‖, sorted", XLabel: "rank of the row order", YLabel: "log_{10} ‖V‖_{F}"}
	for _, w := range t.ways() {
		if w.stop != usual.stop {
			continue
		}
		line := plots.Series{Name: fmt.Sprintf("%d folds", w.folds), Y: valuesOf(t.fits(w), func(f *study.ProbeFit) float64 { return math.Log10(f.Norm) })}
		slices.Sort(line.Y)
		for i := range line.Y {
			line.X = append(line.X, float64(i+1))
		}
		sorted.Left = append(sorted.Left, line)
	}
	fig, err := plots.NormGrowth([]plots.CurvePanel{choice, head, sorted}, f.plot("Linear probing in other row orders, "+t.task, t.task))
	caption := fmt.Sprintf("%s: (a) held-out accuracy against κ, a line a row order, all but the first pale; (b) the minimiser of each κ on all training rows; "+
		"(c) the norms that the row orders end with, sorted; fits end %s.", t.task, endOfFits(usual.stop))
	return Drawing{fig, "stability-" + t.task, caption}, err
}

// endOfFits says in words where a stopping rule ends.
func endOfFits(stop string) string {
	if stop == string(probe.StopExact) {
		return "at the minimiser"
	}
	return "where " + stop + " stops"
}

// stabilityClaims judges what the head owes to the data, and what would make it firmer.
func stabilityClaims(all []stabilityOfTask) []paper.Claim {
	orders := 0
	var larger, stop, folds, averaged []paper.Pair
	for _, t := range all {
		orders = max(orders, len(t.orders))
		larger = append(larger, t.abovePairs()...)
		stop = append(stop, t.stopPairs()...)
		folds = append(folds, t.foldPairs()...)
		averaged = append(averaged, t.averagedPairs()...)
	}
	return []paper.Claim{
		paper.Seeded("In every row order linear probing ends with a larger ‖V‖ than a random head's", paper.Less, larger, orders),
		paper.Seeded("The stopping rule changes ln ‖V‖ less than the row order does (mean change against the standard deviation)", paper.Less, stop, orders),
		paper.Seeded("More folds than five make ln ‖V‖ vary less with the row order", paper.Less, folds, orders),
		paper.Seeded("Two halves of the row orders, their held-out accuracies averaged, choose κ* nearer to each other than two row orders do (in ln κ*)", paper.Less, averaged, orders),
	}
}

// abovePairs compare the random head's norm (A) with that of linear probing in the paper's way (B).
func (t stabilityOfTask) abovePairs() (out []paper.Pair) {
	for _, o := range t.orders {
		for _, f := range o.Fits {
			if f.Folds == study.PaperFolds {
				out = append(out, paper.Pair{Name: fmt.Sprintf("%s order %d, %s", t.task, o.Order, f.Stop), A: o.Random, B: f.Norm})
			}
		}
	}
	return out
}

// stopPairs compare how far another stopping rule moves ln ‖V‖ (A) with how far row orders spread it (B).
func (t stabilityOfTask) stopPairs() (out []paper.Pair) {
	first := t.orders[0].Fits[0].Stop
	for _, w := range t.ways() {
		if w.folds != study.PaperFolds || w.stop == first {
			continue
		}
		exact, early := valuesOf(t.fits(way{w.folds, first}), logNormOf), valuesOf(t.fits(w), logNormOf)
		out = append(out, paper.Pair{Name: t.task + ", " + w.stop, A: floats.Distance(exact, early, 1) / float64(len(exact)), B: stat.StdDev(exact, nil)})
	}
	return out
}

// foldPairs compare the spread of ln ‖V‖ with more folds (A) and with five (B), where five leave a spread to improve on.
func (t stabilityOfTask) foldPairs() (out []paper.Pair) {
	for _, w := range t.ways() {
		five := valuesOf(t.fits(way{study.PaperFolds, w.stop}), logNormOf)
		if w.folds <= study.PaperFolds || len(five) == 0 {
			continue
		}
		if spread := stat.StdDev(five, nil); spread > 0 {
			out = append(out, paper.Pair{Name: fmt.Sprintf("%s, %d folds, %s", t.task, w.folds, w.stop), A: stat.StdDev(valuesOf(t.fits(w), logNormOf), nil), B: spread})
		}
	}
	return out
}

// averagedPairs compare the distance of ln κ* between halves of the orders (A) with the mean distance between two orders
// (B), where orders disagree.
func (t stabilityOfTask) averagedPairs() (out []paper.Pair) {
	for _, w := range t.ways() {
		fits := t.fits(w)
		single := meanDistance(valuesOf(fits, logKappaOf))
		if w.folds != study.PaperFolds || !(single > 0) {
			continue
		}
		first, second := halves(fits)
		between := math.Abs(math.Log(study.AveragedKappa(first)) - math.Log(study.AveragedKappa(second)))
		out = append(out, paper.Pair{Name: t.task + ", " + w.stop, A: between, B: single})
	}
	return out
}

// meanDistance is the mean of |x_i − x_j| over pairs; 0 of one value.
func meanDistance(x []float64) float64 {
	sum, pairs := 0.0, 0
	for i := range x {
		for j := range i {
			sum += math.Abs(x[i] - x[j])
			pairs++
		}
	}
	return sum / max(1, float64(pairs))
}
