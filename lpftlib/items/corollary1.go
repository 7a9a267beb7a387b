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
)

// corollary1 shows equations (4), (5) and (6) on the linear model.
func corollary1() Item {
	return recipe[corollaryNumbers]{needs: noSteps, data: readCorollary1, view: corollary1View, judge: corollary1Claims}.item(Item{
		ID: "corollary1", Covers: []string{"corollary1"}, Title: "Equations (4), (5), Corollary 1 (6): one step and many",
		Claim:    "In the NTK regime logits and features change by (4) and (5); in the linear model features outside the training rows' span never move.",
		Notebook: "theory_corollary1.ipynb",
	})
}

// corollaryNumbers are one step's errors for several rates, and a course of many steps watched on the training
// rows and on inputs orthogonal to all of them.
type corollaryNumbers struct {
	steps           []linear.StepError
	inside, outside []linear.CourseStep
}

func readCorollary1(_ context.Context, s *session.Session) (out corollaryNumbers, err error) {
	const classes, h, d, n, zero, steps, rate = 3, 8, 12, 6, 4, 50, 0.02
	m := linear.Random(classes, h, d, s.Profile.Seeds[0])
	x, labels := toyInputs(n, d, zero, classes, s.Profile.Seeds[0])
	if out.steps, err = m.StepErrors(x, labels, x, []float64{1e-1, 1e-2, 1e-3, 1e-4}); err != nil {
		return out, err
	}
	orthogonal := mat.NewDense(zero, d, nil) // unit vectors outside the span of the training rows
	for i := range zero {
		orthogonal.Set(i, d-zero+i, 1)
	}
	if _, out.inside, err = m.Course(x, labels, x, rate, steps); err != nil {
		return out, err
	}
	_, out.outside, err = m.Course(x, labels, orthogonal, rate, steps)
	return out, err
}

func corollary1View(_ *Facts, c corollaryNumbers) (View, error) {
	one := report.Table{Caption: "One step of gradient descent with rate η on the summed loss, against (4) and (5): the logits' error falls as η², and the features', which are linear in the encoder's parameters here, is rounding.",
		Columns: stepColumns}
	for _, e := range c.steps {
		one.Rows = append(one.Rows, stepRow(e))
	}
	many := report.Table{Caption: "Many steps: ‖φ − φ0‖ of the training rows, and of inputs orthogonal to all of them.", Columns: []string{"step", "loss", "training rows", "orthogonal inputs"}}
	for _, i := range []int{0, 1, 5, 10, 25, len(c.inside) - 1} {
		many.Rows = append(many.Rows, report.Row{Cells: cellsOf(float64(i), c.inside[i].Loss, c.inside[i].FeatureChange, c.outside[i].FeatureChange)})
	}
	return View{Tables: []report.Table{one, many}}, nil
}

func corollary1Claims(c corollaryNumbers) []paper.Claim {
	var rate, logits []float64
	worst := 0.0
	for _, e := range c.steps {
		rate, logits = append(rate, e.Eta), append(logits, e.LogitError)
		worst = max(worst, e.FeatureError/e.FeatureChange)
	}
	b, last := slope(rate, logits), len(c.inside)-1
	return []paper.Claim{
		paper.Below("equation (4): the error of the linearised logits has slope 2 in η", math.Abs(b-2), 0.05, len(rate), fmt.Sprintf("|slope − 2|; the slope is %.4f", b)),
		paper.Below("equation (5): features follow it to rounding", worst, 1e-9, len(rate), "largest error relative to the change"),
		paper.Below("Corollary 1 (6): features outside the training rows' span never move", c.outside[last].FeatureChange/c.inside[last].FeatureChange, 1e-12, last,
			fmt.Sprintf("change outside relative to that inside, after %d steps", last)),
	}
}
