package lpftlib

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"lpft/kernels/linear"
	"lpft/lpftlib/paper"
	"lpft/lpftlib/report"
	"lpft/lpftlib/study"
	"lpft/plots"
)

// The theory notebooks run on the two-layer linear model of Definition 1: nothing is trained that
// takes time, and everything is exact to rounding.

// toyInputs are rows x [n, d] ~ N(0, 1) whose last zero columns are zero, with labels in turn.
func toyInputs(n, d, zero, classes int, seed uint64) (*mat.Dense, []int) {
	x := linear.Normal(n, d, 1, rand.New(rand.NewPCG(seed, 1)))
	labels := make([]int, n)
	for i := range n {
		labels[i] = i % classes
		for j := d - zero; j < d; j++ {
			x.Set(i, j, 0)
		}
	}
	return x, labels
}

// slope is that of log y against log x.
func slope(x, y []float64) float64 {
	lx, ly := make([]float64, len(x)), make([]float64, len(y))
	for i := range x {
		lx[i], ly[i] = math.Log(x[i]), math.Log(y[i])
	}
	_, b := stat.LinearRegression(lx, ly, nil, false)
	return b
}

// cellsOf formats numbers as a table's cells.
func cellsOf(values ...float64) []report.Cell {
	var cells []report.Cell
	for _, v := range values {
		format := "%.3g"
		if v == math.Trunc(v) && math.Abs(v) < 1e6 { // counts and ranks, whole
			format = "%.0f"
		}
		cells = append(cells, report.Cell{Ours: fmt.Sprintf(format, v)})
	}
	return cells
}

// BuildCorollary1 shows equations (4), (5) and (6) on the linear model.
func BuildCorollary1(ctx context.Context, s *study.Session) (*Built, error) {
	const classes, h, d, n, zero = 3, 8, 12, 6, 4
	m := linear.Random(classes, h, d, s.Profile.Seeds[0])
	x, labels := toyInputs(n, d, zero, classes, s.Profile.Seeds[0])
	etas := []float64{1e-1, 1e-2, 1e-3, 1e-4}
	errors, err := m.StepErrors(x, labels, x, etas)
	if err != nil {
		return nil, err
	}
	steps := report.Table{Caption: "One step of gradient descent with rate η on the summed loss, against (4) and (5): the logits' error falls as η², and the features', which are linear in the encoder's parameters here, is rounding.",
		Columns: []string{"η", "‖f − f0‖", "error of (4)", "‖φ − φ0‖", "error of (5)"}}
	var rate, logits []float64
	worst := 0.0
	for _, e := range errors {
		steps.Rows = append(steps.Rows, report.Row{Cells: cellsOf(e.Eta, e.LogitChange, e.LogitError, e.FeatureChange, e.FeatureError)})
		rate, logits = append(rate, e.Eta), append(logits, e.LogitError)
		worst = max(worst, e.FeatureError/e.FeatureChange)
	}
	orthogonal := mat.NewDense(zero, d, nil) // unit vectors outside the span of the training rows
	for i := range zero {
		orthogonal.Set(i, d-zero+i, 1)
	}
	inside, outside, table, err := corollaryCourse(m, x, labels, orthogonal)
	if err != nil {
		return nil, err
	}
	b := slope(rate, logits)
	return built(ctx, s, "corollary1", []report.Table{steps, *table}, nil, []paper.Claim{
		paper.Below("equation (4): the error of the linearised logits has slope 2 in η", math.Abs(b-2), 0.05, len(etas), fmt.Sprintf("|slope − 2|; the slope is %.4f", b)),
		paper.Below("equation (5): features follow it to rounding", worst, 1e-9, len(etas), "largest error relative to the change"),
		paper.Below("Corollary 1 (6): features outside the training rows' span never move", outside/inside, 1e-12, 50, "change outside relative to that inside, after 50 steps"),
	})
}

// corollaryCourse trains and watches features inside and outside the span of the training rows.
func corollaryCourse(m *linear.Model, x *mat.Dense, labels []int, orthogonal *mat.Dense) (inside, outside float64, t *report.Table, err error) {
	const steps = 50
	_, watched, err := m.Course(x, labels, x, 0.02, steps)
	if err != nil {
		return 0, 0, nil, err
	}
	_, other, err := m.Course(x, labels, orthogonal, 0.02, steps)
	if err != nil {
		return 0, 0, nil, err
	}
	t = &report.Table{Caption: "Many steps: ‖φ − φ0‖ of the training rows, and of inputs orthogonal to all of them.", Columns: []string{"step", "loss", "training rows", "orthogonal inputs"}}
	for _, i := range []int{0, 1, 5, 10, 25, steps} {
		t.Rows = append(t.Rows, report.Row{Cells: cellsOf(float64(i), watched[i].Loss, watched[i].FeatureChange, other[i].FeatureChange)})
	}
	return watched[steps].FeatureChange, other[steps].FeatureChange, t, nil
}

// BuildGrowth shows equations (7) and (8): why the head's norm grows while it learns.
func BuildGrowth(ctx context.Context, s *study.Session) (*Built, error) {
	const classes, h, steps = 3, 6, 300
	m := linear.Random(classes, h, classes, s.Profile.Seeds[0])
	m.V.Scale(0.1, m.V)
	x := mat.NewDense(classes, classes, nil)
	labels := make([]int, classes)
	for i := range classes {
		x.Set(i, i, 1)
		labels[i] = i
	}
	end, course, err := m.Course(x, labels, x, 0.1, steps)
	if err != nil {
		return nil, err
	}
	gradients, worst := growthGradients(end, x, labels)
	f, err := growthCurves(ctx, s, course)
	if err != nil {
		return nil, err
	}
	var grow []paper.Pair
	for k := range classes {
		grow = append(grow, paper.Pair{Name: fmt.Sprintf("row %d", k), A: course[0].HeadNorms[k], B: course[steps].HeadNorms[k]})
	}
	fall := []paper.Pair{{Name: "loss", A: course[steps].Loss, B: course[0].Loss}}
	return built(ctx, s, "growth", []report.Table{gradients}, []report.Figure{f}, []paper.Claim{
		paper.Below("equations (7) and (8) against numerical differentiation", worst, 1e-6, classes*classes*2, "largest relative error over all rows, classes and both equations"),
		paper.Judged(paper.Check, "every row of V grows during training", paper.Less, grow),
		paper.Judged(paper.Check, "the loss falls meanwhile", paper.Less, fall),
	})
}

// growthGradients tabulates (7) and (8) at the end of training, each beside a central difference.
func growthGradients(m *linear.Model, x *mat.Dense, labels []int) (report.Table, float64) {
	t := report.Table{Caption: "At the end of training: ∂ℓ/∂cos τ_k by (7) and ∂ℓ/∂‖v_k‖ by (8). (7) is negative for the label's row and positive for others; where the cosines have the label's signs, (8) is negative for every row.",
		Columns: []string{"input", "row k", "cos τ_k", "(7)", "(7), differences", "(8)", "(8), differences"}}
	classes, _ := m.V.Dims()
	worst := 0.0
	phi := m.Features(x)
	for i, y := range labels {
		g := linear.NewGeometry(m.V, make([]float64, classes), phi.RawRowView(i))
		cosine, norm := g.CosineGradient(y), g.NormGradient(y)
		for k := range classes {
			byCosine, byNorm := difference(g, y, &g.Cosines[k]), difference(g, y, &g.HeadNorms[k])
			t.Rows = append(t.Rows, report.Row{Cells: cellsOf(float64(i), float64(k), g.Cosines[k], cosine[k], byCosine, norm[k], byNorm)})
			worst = max(worst, math.Abs(cosine[k]-byCosine)/math.Abs(byCosine), math.Abs(norm[k]-byNorm)/math.Abs(byNorm))
		}
	}
	return t, worst
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

// growthCurves draws loss and row norms over the steps.
func growthCurves(ctx context.Context, s *study.Session, course []linear.CourseStep) (report.Figure, error) {
	p := plots.CurvePanel{Title: "linear model", XLabel: "steps of gradient descent", YLabel: "loss", RightLabel: "‖v_{k}‖"}
	loss := plots.Series{Name: "loss"}
	rows := make([]plots.Series, len(course[0].HeadNorms))
	for _, c := range course {
		loss.X, loss.Y = append(loss.X, float64(c.Step)), append(loss.Y, c.Loss)
		for k, norm := range c.HeadNorms {
			rows[k].Name = fmt.Sprintf("‖v_{%d}‖", k+1)
			rows[k].X, rows[k].Y = append(rows[k].X, float64(c.Step)), append(rows[k].Y, norm)
		}
	}
	p.Left, p.Right = []plots.Series{loss}, rows
	opt, err := plotOptions(ctx, s, "The head's rows grow while the loss falls")
	if err != nil {
		return report.Figure{}, err
	}
	opt.Footer = fmt.Sprintf("lpft, profile %s, two-layer linear model with random inputs, seed %d: no task's data, no checkpoint.", s.Profile.Name, s.Profile.Seeds[0])
	f, err := plots.NormGrowth([]plots.CurvePanel{p}, opt)
	if err != nil {
		return report.Figure{}, err
	}
	return saveFigure(s, "theory-growth", "Two-layer linear model: the loss (left axis) and the norm of every row of V (right axis) during gradient descent.", f)
}

// BuildProposition2 shows (9) and (10): LoRA's kernel is close to a multiple of FT's.
func BuildProposition2(ctx context.Context, s *study.Session) (*Built, error) {
	const classes, h, d, draws = 2, 8, 16, 2000
	seed := s.Profile.Seeds[0]
	m := linear.Random(classes, h, d, seed)
	x, _ := toyInputs(2, d, 0, classes, seed)
	lora := linear.NewLoRA(m, 8, 1, rand.New(rand.NewPCG(seed, 2)))
	off := 0.0
	for i, v := range m.PretrainEffective(x, x).Data {
		off = max(off, math.Abs(v-lora.PretrainEffective(x, x).Data[i]))
	}
	table, err := linear.Exceedances(m, x.RawRowView(0), x.RawRowView(1), []int{8, 64, 256, 1024}, []float64{0.2, 0.4, 0.6}, 1, draws, seed)
	if err != nil {
		return nil, err
	}
	t := report.Table{Caption: fmt.Sprintf("How often (10) fails over %d draws of A, beside the bound 4·exp(−(ε² − ε³)r/4). The bound is 1 or more, and says nothing, for every ε when r ≤ 37: r = 8, the paper's rank, is shown as a spread only.", draws),
		Columns: []string{"r", "ε", "fails, share of draws", "bound"}}
	for _, e := range table {
		t.Rows = append(t.Rows, report.Row{Cells: cellsOf(float64(e.Rank), e.Epsilon, e.Frequency, e.Bound)})
	}
	tightest, cases := linear.Tightest(table)
	return built(ctx, s, "proposition2", []report.Table{t}, nil, []paper.Claim{
		paper.Below("equation (9): P of LoRA is P of FT", off, 0, 1, "largest difference of two entries"),
		paper.Below("Proposition 2 (10): it fails no oftener than the bound says", tightest.Frequency/tightest.Bound, 1, cases, "frequency over bound in the tightest case of those that so many draws can test; "+tightest.String()),
	})
}
