package items

import (
	"fmt"

	"lpft/lpftlib/paper"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// figure8 is Figures 8 and 9: trace norms of the kernels' blocks, rows grouped by class.
func figure8() Item {
	return recipe[[]*study.KernelStats]{needs: kernelPlan, data: kernelStats, view: figure8View,
		judge: func(all []*study.KernelStats) []paper.Claim { return []paper.Claim{diagonalClaim(all)} }}.item(Item{
		ID: "figure8", Covers: []string{"figure8", "figure9"}, Title: "Figures 8, 9: heat maps of kernel blocks",
		Claim:    "F stands out on the diagonal and within classes, P is nearly flat; LoRA's maps look like FT's up to scale.",
		Notebook: "figure08_heatmaps.ipynb",
	})
}

func figure8View(f *Facts, all []*study.KernelStats) (View, error) {
	var out View
	for _, set := range []struct {
		name, caption string
		withP         bool
		methods       []study.Method
	}{
		{"figure08", "P and F of FT and LP-FT (Figure 8)", true, []study.Method{study.FT, study.LPFT}},
		{"figure09", "F of LoRA and LP-LoRA (Figure 9)", false, []study.Method{study.LoRA, study.LPLoRA}},
	} {
		grid := mapGrid(f, all, set.withP, set.methods)
		if len(grid) == 0 {
			continue
		}
		fig, err := plots.HeatMaps(grid, f.plot("Trace norms of kernel blocks: "+set.caption, kernelTasksOf(all)...))
		if err != nil {
			return out, err
		}
		out.Figures = append(out.Figures, Drawing{fig, set.name + "-heatmaps",
			set.caption + ": trace norm of every C×C block K(x_i, x_j), training rows grouped by class; a row a task."})
	}
	return out, nil
}

// mapGrid is a row of maps a task.
func mapGrid(f *Facts, all []*study.KernelStats, withP bool, methods []study.Method) [][]plots.HeatMap {
	var grid [][]plots.HeatMap
	for _, id := range kernelTasksOf(all) {
		var row []plots.HeatMap
		for _, m := range methods {
			k := kernelOf(all, id, m)
			if k == nil {
				continue
			}
			if withP && len(row) == 0 {
				row = append(row, plots.HeatMap{Title: id + ": P", Values: k.MapP.Values, Groups: plots.ClassGroups(f.classes[id], k.MapP.Order.Counts)})
			}
			row = append(row, plots.HeatMap{Title: fmt.Sprintf("%s: F, %s", id, m.Title()), Values: k.MapF.Values, Groups: plots.ClassGroups(f.classes[id], k.MapF.Order.Counts)})
		}
		if row != nil {
			grid = append(grid, row)
		}
	}
	return grid
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
