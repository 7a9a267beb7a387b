package session

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"lpft/lpftlib/head"
	"lpft/lpftlib/measure"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/stage"
	"lpft/lpftlib/study"
	"lpft/lpftlib/task"
)

// compared lays two kernels' numbers out.
func (c *defectCase) compared(method study.Method, rows int, a, b kernelNumbers, word bool) []values {
	where := fmt.Sprintf("%s, %s seed %d, %d rows", method.Title(), c.id, c.seed, rows)
	out := []values{{"‖F‖ of " + where, a.Norm, b.Norm}, {"FT Ratio of " + where, a.FTRatio, b.FTRatio}}
	if word {
		out = append(out, values{"word embedding's share of tr(F), " + where, a.Word, b.Word})
	}
	return out
}

func sampledEmbedding(ctx context.Context, c *defectCase) ([]values, error) {
	k, err := c.kernels(ctx)
	if err != nil {
		return nil, err
	}
	return c.compared(study.LPFT, k.Rows, k.Sampled, k.Exact, true), nil
}

func misplacedEmbedding(ctx context.Context, c *defectCase) ([]values, error) {
	k, err := c.kernels(ctx)
	if err != nil {
		return nil, err
	}
	return c.compared(study.LPFT, k.Rows, k.Misplaced, k.Exact, true), nil
}

// halvedHead compares the heads of LP, the kernels that they start, and the runs of LP-FT.
func halvedHead(ctx context.Context, c *defectCase) ([]values, error) {
	if c.classes != 2 {
		return nil, unmeasured("it concerns sets of two classes, of which this session has none")
	}
	k, err := c.kernels(ctx)
	if err != nil {
		return nil, err
	}
	half, whole, err := c.heads(ctx)
	if err != nil {
		return nil, err
	}
	out := append([]values{{c.on("Norm(C) of LP"), half.Norm(), whole.Norm()}}, c.compared(study.LPFT, k.Rows, k.Halves[0], k.Halves[1], false)...)
	f, err := c.s.PretrainedFeatures(ctx, c.id)
	if err != nil {
		return nil, err
	}
	var ece [2]float64
	for i, h := range []*head.Head{half, whole} {
		if ece[i], err = measure.ECE(h.Logits(f.Splits["test"]), f.Labels["test"], bins); err != nil {
			return nil, err
		}
	}
	out = append(out, values{c.on("ECE of LP"), 100 * ece[0], 100 * ece[1]})
	if !c.trains(study.LPFT) {
		return out, nil
	}
	a, b, err := c.halvedRuns(ctx)
	if err != nil {
		return nil, err
	}
	return append(out, values{c.on("Diff(F) of LP-FT"), a.Diff, b.Diff}, values{c.on("score of LP-FT"), a.Score, b.Score}, values{c.on("ECE of LP-FT"), a.ECE, b.ECE}), nil
}

// heads are LP's with V/2 and with V.
func (c *defectCase) heads(ctx context.Context) (half, whole *head.Head, err error) {
	own, err := c.s.StartHead(ctx, c.run(study.LP))
	if err != nil {
		return nil, nil, err
	}
	if !c.s.Profile.PaperCompatible {
		return own.Halved(), own, nil
	}
	twice := own.ScaleBy(2)
	floats.Scale(2, twice.B)
	return own, twice, nil
}

// halvedRuns are LP-FT from V/2 and from V.
func (c *defectCase) halvedRuns(ctx context.Context) (half, whole *study.Measures, err error) {
	own, err := c.s.Measure(ctx, c.run(study.LPFT))
	if err != nil {
		return nil, nil, err
	}
	other, err := c.flipped.Measure(ctx, c.run(study.LPFT))
	if c.s.Profile.PaperCompatible {
		return own, other, err
	}
	return other, own, err
}

func pairScore(ctx context.Context, c *defectCase) ([]values, error) {
	k, err := c.kernels(ctx)
	if err != nil {
		return nil, err
	}
	return []values{{c.on("test score of kernel regression with P"), 100 * k.Test.Pairs, 100 * k.Test.Accuracy}}, nil
}

func kernelTestRows(ctx context.Context, c *defectCase) ([]values, error) {
	k, err := c.kernels(ctx)
	if err != nil {
		return nil, err
	}
	return []values{{c.on("share of right pairs of kernel regression with P"), 100 * k.Validation.Pairs, 100 * k.Test.Pairs}}, nil
}

func loraAlpha(ctx context.Context, c *defectCase) ([]values, error) {
	k, err := c.kernels(ctx)
	if err != nil {
		return nil, err
	}
	return c.compared(study.LoRA, k.Rows, k.Alpha16, k.Alpha, false), nil
}

// selection compares the epochs that either score would choose of one course.
func selection(ctx context.Context, c *defectCase) ([]values, error) {
	run, ok, err := c.matthewsRun(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, unmeasured("no task of this session is scored by Matthews' correlation")
	}
	t, err := c.s.Train(ctx, run)
	if err != nil {
		return nil, err
	}
	a := bestEpoch(t.Course, func(p stage.Point) float64 { return p.Accuracy })
	b := bestEpoch(t.Course, func(p stage.Point) float64 { return p.Score })
	return []values{{fmt.Sprintf("selected epoch of %s", run), a.Epoch, b.Epoch}, {fmt.Sprintf("validation Matthews at it, %s", run), 100 * a.Score, 100 * b.Score}}, nil
}

// matthewsRun is FT on the first task that is scored by Matthews' correlation and selects by it.
func (c *defectCase) matthewsRun(ctx context.Context) (run study.Spec, ok bool, err error) {
	for _, id := range c.ids {
		d, err := c.s.Data(ctx, id)
		if err != nil {
			return run, false, err
		}
		if d.Task.Metric == task.Matthews && c.trains(study.FT) && c.s.Profile.Select == study.SelectMetric {
			return study.Spec{Task: id, Method: study.FT, Seed: c.seed}, true, nil
		}
	}
	return run, false, nil
}

// bestEpoch is the earliest best point at the end of an epoch.
func bestEpoch(c *stage.Course, by func(stage.Point) float64) stage.Point {
	best := stage.Point{Epoch: math.NaN()}
	for _, p := range c.Points {
		if p.Epoch < 1 || p.Epoch != math.Trunc(p.Epoch) {
			continue
		}
		if math.IsNaN(best.Epoch) || by(p) > by(best) {
			best = p
		}
	}
	return best
}

// mrpcRuns are LoRA on MRPC at the published script's rate and at the profile's.
func (c *defectCase) mrpcRuns(ctx context.Context) (script, own study.Spec, ok bool, err error) {
	if !c.has("mrpc") || !c.trains(study.LoRA) {
		return script, own, false, nil
	}
	own = study.Spec{Task: "mrpc", Method: study.LoRA, Seed: c.seed}
	rates, err := c.s.rates(ctx, "mrpc", study.LoRA)
	if err != nil {
		return script, own, false, err
	}
	script = own
	script.Rates = study.Rates{Batch: rates.Batch, LearningRate: 1e-5}
	return script, own, true, nil
}

func mrpcRate(ctx context.Context, c *defectCase) ([]values, error) {
	script, own, ok, err := c.mrpcRuns(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, unmeasured("LoRA on MRPC is not among this session's runs")
	}
	a, err := c.apart.Measure(ctx, script)
	if err != nil {
		return nil, err
	}
	b, err := c.s.Measure(ctx, own)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s (majority %.1f)", own, b.Majority)
	return []values{{"accuracy of " + name, a.Accuracy, b.Accuracy}}, nil
}

// overSeeds is one number of a method with every seed.
func (c *defectCase) overSeeds(ctx context.Context, m study.Method, value func(*study.Measures) float64) ([]float64, measure.Spread, error) {
	if !c.trains(m) || len(c.s.Profile.Seeds) < 2 {
		return nil, measure.Spread{}, unmeasured(fmt.Sprintf("it takes %s with several seeds: this session has %d", m.Title(), len(c.s.Profile.Seeds)))
	}
	var all []float64
	for _, seed := range c.s.Profile.Seeds {
		row, err := c.s.Measure(ctx, study.Spec{Task: c.id, Method: m, Seed: seed})
		if err != nil {
			return nil, measure.Spread{}, err
		}
		all = append(all, value(row))
	}
	spread, err := measure.Summarise(all)
	return all, spread, err
}

func oneSeed(ctx context.Context, c *defectCase) ([]values, error) {
	all, spread, err := c.overSeeds(ctx, study.FT, func(m *study.Measures) float64 { return m.Score })
	if err != nil {
		return nil, err
	}
	return []values{{fmt.Sprintf("score of FT, %s, %d seeds (± %.2f)", c.id, spread.N, spread.Std), all[0], spread.Mean}}, nil
}

func standardErrors(ctx context.Context, c *defectCase) ([]values, error) {
	_, spread, err := c.overSeeds(ctx, study.LPFT, func(m *study.Measures) float64 { return m.Diff })
	if err != nil {
		return nil, err
	}
	return []values{{fmt.Sprintf("scatter of Diff(F) of LP-FT, %s, %d seeds", c.id, spread.N), spread.Std / math.Sqrt(float64(spread.N)), spread.Std}}, nil
}

func otherRows(ctx context.Context, c *defectCase) ([]values, error) {
	k, err := c.kernels(ctx)
	if err != nil {
		return nil, err
	}
	return []values{{c.on("‖P‖"), k.NormP[1], k.NormP[0]}}, nil
}

// miscounted reads the files of those sets that the session has.
func miscounted(ctx context.Context, c *defectCase) ([]values, error) {
	var out []values
	for _, p := range paper.Miscounted() {
		if !c.has(p.Dataset) || c.s.Profile.Plan(p.Dataset).File != "" {
			continue
		}
		d, err := c.s.WholeData(ctx, p.Dataset)
		if err != nil {
			return nil, err
		}
		rows := map[string]int{"n_train": len(d.Train), "n_val": len(d.Val), "n_test": len(d.Test)}[p.Metric]
		out = append(out, values{fmt.Sprintf("%s rows of %s", strings.TrimPrefix(p.Metric, "n_"), p.Dataset), p.Mean, float64(rows)})
	}
	if out == nil {
		return nil, unmeasured("this session has none of CB, WiC, CoLA and PubMed, whose counts they are")
	}
	return out, nil
}

func printedTwice(context.Context, *defectCase) ([]values, error) {
	var out []values
	for _, pair := range paper.PrintedTwice() {
		p, q := pair[0], pair[1]
		name := map[string]string{"norm_c": "Norm(C)", "diff_f": "Diff(F)"}[p.Metric]
		out = append(out, values{fmt.Sprintf("%s of %s on %s, Tables %d and %d", name, study.Method(p.Method).Title(), p.Dataset, p.Table, q.Table), p.Mean, q.Mean})
	}
	return out, nil
}

// otherSplit compares FT's features on training and test rows.
func otherSplit(ctx context.Context, c *defectCase) ([]values, error) {
	if !c.trains(study.FT) {
		return nil, unmeasured("FT is not among this session's methods")
	}
	a, err := c.apart.MeasureOn(ctx, c.run(study.FT), c.id, "train")
	if err != nil {
		return nil, err
	}
	b, err := c.s.Measure(ctx, c.run(study.FT))
	if err != nil {
		return nil, err
	}
	out := []values{{c.on("CS(F) of FT"), a.CS, b.CS}, {c.on("Diff(F) of FT"), a.Diff, b.Diff}}
	if a.FDR != nil && b.FDR != nil {
		out = append(out, values{c.on("FDR(F) of FT"), *a.FDR, *b.FDR})
	}
	return out, nil
}

// shiftedSets are the paper's shifted test sets that the session has, with the task whose models are measured on them.
func (c *defectCase) shiftedSets(ctx context.Context) (id string, sets []string, err error) {
	for _, id := range c.ids {
		sets, err := c.s.TestSets(ctx, id)
		if err != nil {
			return "", nil, err
		}
		sets = slices.DeleteFunc(sets[1:], func(set string) bool {
			_, printed := paper.Lookup(11, set, "lpft", "fdr_f")
			return !printed
		})
		if len(sets) > 0 && c.trains(study.FT) && c.trains(study.LPFT) {
			return id, sets, nil
		}
	}
	return "", nil, nil
}

// shiftedFDR compares FDR of LP-FT over FT's, in print and here.
func shiftedFDR(ctx context.Context, c *defectCase) ([]values, error) {
	id, sets, err := c.shiftedSets(ctx)
	if err != nil {
		return nil, err
	}
	var out []values
	for _, set := range sets {
		ratio, err := c.fdrRatio(ctx, id, set)
		if err != nil {
			return nil, err
		}
		ft, _ := paper.Lookup(11, set, "ft", "fdr_f")
		lpft, _ := paper.Lookup(11, set, "lpft", "fdr_f")
		out = append(out, values{fmt.Sprintf("FDR(F) of LP-FT over FT's on %s, trained on %s, seed %d", set, id, c.seed), lpft.Mean / ft.Mean, ratio})
	}
	if out == nil {
		return nil, unmeasured("this session has none of the paper's shifted test sets, or not both FT and LP-FT")
	}
	return out, nil
}

func (c *defectCase) fdrRatio(ctx context.Context, id, set string) (float64, error) {
	var fdr []float64
	for _, m := range []study.Method{study.FT, study.LPFT} {
		row, err := c.s.MeasureOn(ctx, study.Spec{Task: id, Method: m, Seed: c.seed}, set, "test")
		if err != nil {
			return 0, err
		}
		if row.FDR == nil {
			return 0, fmt.Errorf("FDR on %s is undefined: all rows are of one class", set)
		}
		fdr = append(fdr, *row.FDR)
	}
	return fdr[1] / fdr[0], nil
}

// shrinkingHeads counts the sets on which FT's norm ends below its start.
func shrinkingHeads(ctx context.Context, c *defectCase) ([]values, error) {
	if !c.trains(study.FT) {
		return nil, unmeasured("FT is not among this session's methods")
	}
	falls := 0
	for _, id := range c.ids {
		row, err := c.s.Measure(ctx, study.Spec{Task: id, Method: study.FT, Seed: c.seed})
		if err != nil {
			return nil, err
		}
		if row.NormC < row.NormStart {
			falls++
		}
	}
	name := fmt.Sprintf("share of sets on which ‖V‖ of FT falls: 9 in print, here %s", strings.Join(c.ids, ", "))
	return []values{{name, paper.ShrinkingHeads(), float64(falls) / float64(len(c.ids))}}, nil
}

func constantWSC(ctx context.Context, c *defectCase) ([]values, error) {
	if !c.has("wsc") {
		return nil, unmeasured("WSC is not among this session's tasks")
	}
	var out []values
	for _, m := range c.s.Profile.Methods {
		printed, ok := paper.Lookup(8, "wsc", string(m), "accuracy")
		if !ok {
			continue
		}
		row, err := c.s.Measure(ctx, study.Spec{Task: "wsc", Method: m, Seed: c.seed})
		if err != nil {
			return nil, err
		}
		out = append(out, values{fmt.Sprintf("accuracy of %s (majority %.1f)", row.Spec, row.Majority), printed.Mean, row.Accuracy})
	}
	return out, nil
}
