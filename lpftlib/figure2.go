package lpftlib

import (
	"context"
	"fmt"
	"slices"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// BuildFigure2 is Figures 2 and 7: normalised singular values of P and of every method's F.
func BuildFigure2(ctx context.Context, s *study.Session) (*Built, error) {
	all, err := kernelStats(ctx, s)
	if err != nil {
		return nil, err
	}
	var panels []plots.SpectraPanel
	for i, k := range all {
		if i == 0 || all[i-1].Task != k.Task {
			panels = append(panels, plots.SpectraPanel{Title: fmt.Sprintf("(%c) %s", 'a'+len(panels), k.Task), Spectra: []plots.Spectrum{{Name: "P", Values: upToRank(k.SpectrumP, &k.P)}}})
		}
		last := &panels[len(panels)-1]
		last.Spectra = append(last.Spectra, plots.Spectrum{Name: "F, " + k.Method.Title(), Values: upToRank(k.SpectrumF, &k.F)})
	}
	opt, err := plotOptions(ctx, s, "Normalised singular values of the kernels", kernelTasksOf(all)...)
	if err != nil {
		return nil, err
	}
	f, err := plots.Spectra(panels, opt)
	if err != nil {
		return nil, err
	}
	saved, err := saveFigure(s, "figure02-spectra", fmt.Sprintf("Singular values of P and F over the largest, log scale, down to the rank's tolerance σ_max·NC·2⁻²³; N = %d training rows at most.", s.Profile.NTKRows), f)
	if err != nil {
		return nil, err
	}
	return built(ctx, s, "figure2", nil, []report.Figure{saved}, []paper.Claim{paper.C6(spectraOf(all))})
}

// upToRank leaves out singular values that are float32's rounding.
func upToRank(values []float64, sum *study.KernelSummary) []float64 {
	return values[:max(1, min(len(values), sum.Rank.Float32))]
}

// kernelTasksOf are the tasks that there are kernels of.
func kernelTasksOf(all []*study.KernelStats) []string {
	var out []string
	for _, k := range all {
		if !slices.Contains(out, k.Task) {
			out = append(out, k.Task)
		}
	}
	return out
}

// BuildFigure8 is Figures 8 and 9: trace norms of the kernels' blocks, rows grouped by class.
func BuildFigure8(ctx context.Context, s *study.Session) (*Built, error) {
	all, err := kernelStats(ctx, s)
	if err != nil {
		return nil, err
	}
	var figures []report.Figure
	for _, set := range []struct {
		name, caption string
		withP         bool
		methods       []study.Method
	}{
		{"figure08", "P and F of FT and LP-FT (Figure 8)", true, []study.Method{study.FT, study.LPFT}},
		{"figure09", "F of LoRA and LP-LoRA (Figure 9)", false, []study.Method{study.LoRA, study.LPLoRA}},
	} {
		grid, err := mapGrid(ctx, s, all, set.withP, set.methods)
		if err != nil {
			return nil, err
		}
		if len(grid) == 0 {
			continue
		}
		opt, err := plotOptions(ctx, s, "Trace norms of kernel blocks: "+set.caption, kernelTasksOf(all)...)
		if err != nil {
			return nil, err
		}
		f, err := plots.HeatMaps(grid, opt)
		if err != nil {
			return nil, err
		}
		saved, err := saveFigure(s, set.name+"-heatmaps", set.caption+": trace norm of every C×C block K(x_i, x_j), training rows grouped by class; a row a task.", f)
		if err != nil {
			return nil, err
		}
		figures = append(figures, saved)
	}
	return built(ctx, s, "figure8", nil, figures, []paper.Claim{diagonalClaim(all)})
}

// mapGrid is a row of maps a task.
func mapGrid(ctx context.Context, s *study.Session, all []*study.KernelStats, withP bool, methods []study.Method) ([][]plots.HeatMap, error) {
	var grid [][]plots.HeatMap
	task := ""
	for _, k := range all {
		d, err := s.Data(ctx, k.Task)
		if err != nil {
			return nil, err
		}
		for _, m := range methods {
			if k.Method != m {
				continue
			}
			var groups []plots.ClassGroup
			for c, n := range k.MapF.Order.Counts {
				if n > 0 {
					groups = append(groups, plots.ClassGroup{Name: d.Task.Classes[c], Count: n})
				}
			}
			if k.Task != task {
				task = k.Task
				grid = append(grid, nil)
				if withP {
					grid[len(grid)-1] = append(grid[len(grid)-1], plots.HeatMap{Title: k.Task + ": P", Values: k.MapP.Values, Groups: groups})
				}
			}
			row := &grid[len(grid)-1]
			*row = append(*row, plots.HeatMap{Title: fmt.Sprintf("%s: F, %s", k.Task, m.Title()), Values: k.MapF.Values, Groups: groups})
		}
	}
	return grid, nil
}

// diagonalClaim judges what the maps show: F stands out on the diagonal, P is nearly flat. The
// number is the mean of the diagonal over the mean of all blocks.
func diagonalClaim(all []*study.KernelStats) paper.Claim {
	var pairs []paper.Pair
	for _, k := range all {
		pairs = append(pairs, paper.Pair{Name: k.Task + " " + k.Method.Title(), A: contrast(k.MapP.Values), B: contrast(k.MapF.Values)})
	}
	return paper.Judged(paper.Ordering, "the diagonal stands out more in F than in P", paper.Less, pairs)
}

func contrast(values [][]float64) float64 {
	diagonal, all := 0.0, 0.0
	for i, row := range values {
		diagonal += row[i]
		for _, v := range row {
			all += v
		}
	}
	n := float64(len(values))
	return (diagonal / n) / (all / (n * n))
}

// ShowKernel computes a method's kernel and its statistics and says what they are.
func (s *Session) ShowKernel(task string, m study.Method, seed uint64) {
	k := must(s.KernelStats(s.ctx, study.Spec{Task: task, Method: m, Seed: seed}))
	line(fmt.Sprintf("NTK of %s, %s, seed %d", task, m.Title(), seed), "%d training, %d test rows: rank P %d, F %d; ‖P‖ = %.3g, ‖F‖ = %.3g; FT Ratio %.4f",
		k.Rows, k.TestRows, k.P.Rank.Float32, k.F.Rank.Float32, k.P.FrobeniusNorm, k.F.FrobeniusNorm, k.FTRatio)
}

// EachKernel calls f for every kernel of the study.
func (s *Session) EachKernel(f func(task string, m study.Method, seed uint64)) {
	for _, run := range kernelRuns(s.Session, must(kernelTasks(s.ctx, s.Session))) {
		f(run.Task, run.Method, run.Seed)
	}
}
