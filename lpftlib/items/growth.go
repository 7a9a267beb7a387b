package items

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels/linear"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/session"
	"lpft/plots"
)

// growth shows equations (7) and (8): why the head's norm grows while it learns.
func growth() Item {
	return recipe[growthNumbers]{needs: noSteps, data: readGrowthOfHead, view: growthView, judge: growthClaims}.item(Item{
		ID: "growth", Covers: []string{"equation7", "equation8"}, Title: "Equations (7), (8): why the head's norm grows",
		Claim:    "Once the cosines have the labels' signs, the loss falls in every row's norm: the head grows as long as it trains.",
		Notebook: "theory_growth.ipynb",
	})
}

// growthNumbers are a course of the linear model and, at its end, the loss's derivatives.
type growthNumbers struct {
	course    []linear.CourseStep
	gradients []headGradient
	seed      uint64
}

// headGradient is (7) and (8) for an input and a row of V, each beside a central difference.
type headGradient struct {
	input, row                                 int
	cosine                                     float64
	byCosine, byCosineDiff, byNorm, byNormDiff float64
}

func readGrowthOfHead(_ context.Context, s *session.Session) (growthNumbers, error) {
	const classes, h, steps = 3, 6, 300
	out := growthNumbers{seed: s.Profile.Seeds[0]}
	m := linear.Random(classes, h, classes, out.seed)
	m.V.Scale(0.1, m.V)
	x := mat.NewDense(classes, classes, nil)
	labels := make([]int, classes)
	for i := range classes {
		x.Set(i, i, 1)
		labels[i] = i
	}
	end, course, err := m.Course(x, labels, x, 0.1, steps)
	if err != nil {
		return out, err
	}
	out.course = course
	phi := end.Features(x)
	for i, y := range labels {
		g := linear.NewGeometry(end.V, make([]float64, classes), phi.RawRowView(i))
		cosine, norm := g.CosineGradient(y), g.NormGradient(y)
		for k := range classes {
			out.gradients = append(out.gradients, headGradient{i, k, g.Cosines[k], cosine[k], difference(g, y, &g.Cosines[k]), norm[k], difference(g, y, &g.HeadNorms[k])})
		}
	}
	return out, nil
}

// difference is the central difference of the loss in one of the geometry's numbers.
func difference(g *linear.Geometry, y int, number *float64) float64 {
	const step = 1e-5
	at := *number
	*number = at + step
	up := g.Loss(y)
	*number = at - step
	down := g.Loss(y)
	*number = at
	return (up - down) / (2 * step)
}

func growthView(f *Facts, n growthNumbers) (View, error) {
	t := report.Table{Caption: "At the end of training: ∂ℓ/∂cos τ_k by (7) and ∂ℓ/∂‖v_k‖ by (8). (7) is negative for the label's row and positive for others; where the cosines have the label's signs, (8) is negative for every row.",
		Columns: []string{"input", "row k", "cos τ_k", "(7)", "(7), differences", "(8)", "(8), differences"}}
	for _, g := range n.gradients {
		t.Rows = append(t.Rows, report.Row{Cells: cellsOf(float64(g.input), float64(g.row), g.cosine, g.byCosine, g.byCosineDiff, g.byNorm, g.byNormDiff)})
	}
	opt := f.plot("The head's rows grow while the loss falls")
	opt.Footer = fmt.Sprintf("lpft, profile %s, two-layer linear model with random inputs, seed %d: no task's data, no checkpoint.", f.profile.Name, n.seed)
	fig, err := plots.NormGrowth([]plots.CurvePanel{growthPanel(n.course)}, opt)
	drawing := Drawing{fig, "theory-growth", "Two-layer linear model: the loss (left axis) and the norm of every row of V (right axis) during gradient descent."}
	return View{Tables: []report.Table{t}, Figures: []Drawing{drawing}}, err
}

// growthPanel draws loss and row norms over the steps.
func growthPanel(course []linear.CourseStep) plots.CurvePanel {
	loss := plots.Series{Name: "loss"}
	rows := make([]plots.Series, len(course[0].HeadNorms))
	for _, c := range course {
		loss.X, loss.Y = append(loss.X, float64(c.Step)), append(loss.Y, c.Loss)
		for k, norm := range c.HeadNorms {
			rows[k].Name = fmt.Sprintf("‖v_{%d}‖", k+1)
			rows[k].X, rows[k].Y = append(rows[k].X, float64(c.Step)), append(rows[k].Y, norm)
		}
	}
	return plots.CurvePanel{Title: "linear model", XLabel: "steps of gradient descent", YLabel: "loss", RightLabel: "‖v_{k}‖", Left: []plots.Series{loss}, Right: rows}
}

func growthClaims(n growthNumbers) []paper.Claim {
	first, last := n.course[0], n.course[len(n.course)-1]
	var grow []paper.Pair
	for k := range first.HeadNorms {
		grow = append(grow, paper.Pair{Name: fmt.Sprintf("row %d", k), A: first.HeadNorms[k], B: last.HeadNorms[k]})
	}
	worst := 0.0
	for _, g := range n.gradients {
		worst = max(worst, math.Abs(g.byCosine-g.byCosineDiff)/math.Abs(g.byCosineDiff), math.Abs(g.byNorm-g.byNormDiff)/math.Abs(g.byNormDiff))
	}
	return []paper.Claim{
		paper.Below("equations (7) and (8) against numerical differentiation", worst, 1e-6, 2*len(n.gradients), "largest relative error over all rows, classes and both equations"),
		paper.Judged(paper.Check, "every row of V grows during training", paper.Less, grow),
		paper.Judged(paper.Check, "the loss falls meanwhile", paper.Less, []paper.Pair{{Name: "loss", A: last.Loss, B: first.Loss}}),
	}
}
