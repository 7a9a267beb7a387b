package items

import (
	"context"
	"fmt"
	"math"
	"strings"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/lpftlib/study"
)

// table2 is Tables 2 and 9: rank, norm, kernel regression and FT Ratio of P, F and Θ.
func table2() Item {
	return recipe[kernelTable]{needs: kernelPlan, data: readKernelTable, view: table2View, judge: table2Claims}.item(Item{
		ID: "table2", Covers: []string{"table2", "table9"}, Title: "Tables 2, 9: kernel statistics",
		Claim:    "The FT-effective component F has the higher rank; after LP it is far larger and makes nearly all of the logits' first change (FT Ratio near 1).",
		Notebook: "table02_kernels.ipynb",
	})
}

// kernelTable is what Tables 2 and 9 are made of.
type kernelTable struct {
	all  []*study.KernelStats
	fits []paper.Fit // of F of LoRA to F of FT, a task each
}

func readKernelTable(ctx context.Context, s *session.Session) (kernelTable, error) {
	all, err := kernelStats(ctx, s)
	out := kernelTable{all: all}
	if err != nil {
		return out, err
	}
	for _, id := range kernelTasksOf(all) {
		if kernelOf(all, id, study.FT) == nil || kernelOf(all, id, study.LoRA) == nil {
			continue
		}
		fit, err := s.LoRAFit(ctx, id, s.Profile.Seeds[0], study.FT, study.LoRA)
		if err != nil {
			return out, err
		}
		out.fits = append(out.fits, paper.Fit{Name: id, Scalar: fit.Scalar, Residual: fit.Centred, OfP: fit.CentredP, Permuted: fit.CentredPermuted})
	}
	return out, nil
}

func table2View(f *Facts, data kernelTable) (View, error) {
	all := data.all
	table := report.Table{Columns: []string{"kernel", "rank", "rank, float64", "rank, 1e-6", "FN", "Acc train", "Acc test", "arg max, test", "κ", "FT Ratio"},
		Caption: fmt.Sprintf("N training and M test rows drawn with seed %d. Rank by the float32 default tolerance σ_max·NC·2⁻²³, the float64 default, and 1e-6·σ_max. Acc counts (sample, class) pairs, as the published code does: “all zero” scores 1 − 1/C; beside it the ordinary accuracy. Embedding part: %s. %s",
			f.profile.Seeds[0], f.profile.Embedding, f.footer(kernelTasksOf(all)...)) + atLimitNote(all)}
	shares := report.Table{Columns: []string{"word embedding", "other embeddings", "attention", "FFN", "LoRA"}, Caption: "Share of each parameter group in tr(F), per cent."}
	for i, k := range all {
		set := f.setting(k.Task)
		set.HeadNorm = k.HeadNorm
		if i == 0 || all[i-1].Task != k.Task {
			table.Rows = append(table.Rows, kernelRow(k, "P", "pretrain_e", all, set))
		}
		table.Rows = append(table.Rows, kernelRow(k, "F", "ft_e", all, set), kernelRow(k, "Θ", "ntk", all, set))
		shares.Rows = append(shares.Rows, shareRow(k))
	}
	return View{Tables: []report.Table{table, shares}}, nil
}

// atLimitNote names the kernel regressions of which a fit ended at its limit of iterations.
func atLimitNote(all []*study.KernelStats) string {
	var at []string
	for _, k := range all {
		for _, part := range []struct {
			name string
			sum  *study.KernelSummary
		}{{"P", &k.P}, {"F", &k.F}, {"Θ", &k.Theta}} {
			if m := part.sum.Regression.Model; m != nil && m.AtLimit != nil && *m.AtLimit {
				at = append(at, fmt.Sprintf("%s of %s, %s", part.name, k.Method.Title(), k.Task))
			}
		}
	}
	if at == nil {
		return ""
	}
	return " Kernel regressions with a fit that ended at the limit of iterations: " + strings.Join(at, "; ") + "."
}

// kernelRow is one kernel's row with the printed numbers; the other kernels say whether the printed orderings hold.
func kernelRow(k *study.KernelStats, name, kernel string, all []*study.KernelStats, set paper.Setting) report.Row {
	method := k.Method.Title()
	if kernel == "pretrain_e" {
		method = report.AllMethods
	}
	cell := func(metric, format string) report.Cell {
		value := kernelNumber(k, kernel, metric)
		if math.IsNaN(value) {
			return report.Cell{Ours: "-"}
		}
		c := report.Cell{Ours: fmt.Sprintf(format, value)}
		if printed, ok := printedKernel(k, kernel, metric); ok {
			here := set
			here.Trend, here.Orderings = paper.TrendOf(printed, value, func(q paper.Printed) (float64, bool) { return peerKernel(all, k.Task, q) })
			j := paper.Judge(printed, paper.Measured{Mean: value, Seeds: 1}, here)
			c.Paper, c.Verdict, c.Reason = printed.Value(), j.Verdict, j.Reason
		}
		return c
	}
	sum := summaryOf(k, kernel)
	row := report.Row{Dataset: k.Task, Method: method, Cells: []report.Cell{{Ours: name},
		cell("rank", "%.0f"), {Ours: fmt.Sprint(sum.Rank.Float64)}, {Ours: fmt.Sprint(sum.Rank.Millionth)},
		cell("fn", "%.4g"), cell("acc_train", "%.2f"), cell("acc_test", "%.2f"), {Ours: "-"},
		{Ours: fmt.Sprintf("%.3g", sum.Regression.Kappa)}, {Ours: "-"}}}
	if sum.Regression.Test != nil {
		row.Cells[7].Ours = fmt.Sprintf("%.2f", 100*sum.Regression.Test.Accuracy)
	}
	if kernel == "ft_e" {
		row.Cells[9] = cell("ft_ratio", "%.3g")
	}
	return row
}

// summaryOf is P, F or Θ by the paper's name of it.
func summaryOf(k *study.KernelStats, kernel string) *study.KernelSummary {
	switch kernel {
	case "pretrain_e":
		return &k.P
	case "ft_e":
		return &k.F
	default:
		return &k.Theta
	}
}

// kernelNumber is one number of Tables 2 and 9, NaN where there is none.
func kernelNumber(k *study.KernelStats, kernel, metric string) float64 {
	sum := summaryOf(k, kernel)
	switch {
	case metric == "rank":
		return float64(sum.Rank.Float32)
	case metric == "fn":
		return sum.FrobeniusNorm
	case metric == "acc_train":
		return 100 * sum.Regression.Train.Pairs
	case metric == "acc_test" && sum.Regression.Test != nil:
		return 100 * sum.Regression.Test.Pairs
	case metric == "ft_ratio":
		return k.FTRatio
	}
	return math.NaN()
}

// printedKernel finds a kernel's cell in Tables 2 and 9, which print the FT Ratio once a method.
func printedKernel(k *study.KernelStats, kernel, metric string) (paper.Printed, bool) {
	if metric == "ft_ratio" {
		kernel = ""
	}
	for _, table := range []int{2, 9} {
		if p, ok := paper.LookupKernel(table, strings.TrimSuffix(k.Task, "-standin"), string(k.Method), kernel, metric); ok {
			return p, true
		}
	}
	return paper.Printed{}, false
}

// peerKernel is our number for another printed cell of a task. P is the same in all methods.
func peerKernel(all []*study.KernelStats, task string, q paper.Printed) (float64, bool) {
	for _, k := range all {
		if k.Task == task && (string(k.Method) == q.Method || q.Kernel == "pretrain_e") {
			return kernelNumber(k, q.Kernel, q.Metric), true
		}
	}
	return 0, false
}

// shareRow sums the shares of tr(F) over the layers.
func shareRow(k *study.KernelStats) report.Row {
	sums := map[string]float64{}
	for i, name := range k.Groups {
		kind, _, _ := strings.Cut(name, ".")
		if kind == "embeddings" {
			kind = name
		}
		sums[kind] += 100 * k.Shares[i]
	}
	row := report.Row{Dataset: k.Task, Method: k.Method.Title()}
	for _, kind := range []string{"embeddings.word", "embeddings.rest", "attention", "ffn", "lora"} {
		cell := report.Cell{Ours: "-"}
		if _, ok := sums[kind]; ok {
			cell.Ours = fmt.Sprintf("%.1f", sums[kind])
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// table2Claims judges C4, C5, C6, C9 and the orderings of Tables 2 and 9 (docs/protocol.md, Orderings).
func table2Claims(data kernelTable) []paper.Claim {
	var rank, lowest, highest, ratio, norm []paper.Pair
	for _, k := range data.all {
		name := k.Task + " " + k.Method.Title()
		p, f, theta := float64(k.P.Rank.Float32), float64(k.F.Rank.Float32), float64(k.Theta.Rank.Float32)
		rank = append(rank, paper.Pair{Name: name, A: p, B: f})
		lowest = append(lowest, paper.Pair{Name: name, A: p, B: theta})
		highest = append(highest, paper.Pair{Name: name, A: theta, B: f + 1})
	}
	for _, id := range kernelTasksOf(data.all) {
		for _, pair := range [][2]study.Method{{study.FT, study.LPFT}, {study.LoRA, study.LPLoRA}} {
			a, b := kernelOf(data.all, id, pair[0]), kernelOf(data.all, id, pair[1])
			if a == nil || b == nil {
				continue
			}
			name := fmt.Sprintf("%s %s and %s", id, pair[0].Title(), pair[1].Title())
			ratio = append(ratio, paper.Pair{Name: name, A: a.FTRatio, B: b.FTRatio})
			norm = append(norm, paper.Pair{Name: name, A: a.F.FrobeniusNorm, B: b.F.FrobeniusNorm})
		}
	}
	return append([]paper.Claim{
		paper.C4(rank), paper.C5(ratio), paper.C6(spectraOf(data.all)), paper.C9(data.fits),
		paper.Judged(paper.Check, "rank(Θ) is at least rank(P)", paper.AtMost, lowest),
		paper.Judged(paper.Ordering, "rank(Θ) is at most rank(F) + 1", paper.AtMost, highest),
		paper.AsInPrint(paper.Empirical, "‖F‖ is larger after LP: LP-FT > FT, LP-LoRA > LoRA", paper.Less, norm, paper.KernelOfFT, paper.KernelOfLoRA),
	}, paper.KernelAccuracy(study.KernelScores(data.all))...)
}
