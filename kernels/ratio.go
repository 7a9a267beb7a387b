package kernels

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Residuals returns δ_i = e_{y_i} − softmax(f(x_i)) [N, C] of logits [N, C] and labels [N]: the direction in which
// cross entropy pushes each row's logits. Every row sums to zero.
func Residuals(logits *mat.Dense, labels []int) (*mat.Dense, error) {
	n, classes := logits.Dims()
	if len(labels) != n {
		return nil, fmt.Errorf("kernels: %d labels for %d rows of logits: expected one a row", len(labels), n)
	}
	delta := mat.NewDense(n, classes, nil)
	for i, y := range labels {
		if y < 0 || y >= classes {
			return nil, fmt.Errorf("kernels: label %d of row %d: expected 0 … %d", y, i, classes-1)
		}
		total := floats.LogSumExp(logits.RawRowView(i))
		if math.IsNaN(total) || math.IsInf(total, 0) {
			return nil, fmt.Errorf("kernels: logits of row %d are %v: expected finite numbers", i, logits.RawRowView(i))
		}
		row := delta.RawRowView(i)
		for c, f := range logits.RawRowView(i) {
			row[c] = -math.Exp(f - total)
		}
		row[y]++
	}
	return delta, nil
}

// FTRatio is the share of the logits' first change that the encoder makes (Tables 2 and 9),
//
//	(1/N) Σ_j ‖Σ_i F(x_j, x_i) δ_i‖ / ‖Σ_i (P + F)(x_j, x_i) δ_i‖,
//
// over the training rows, with the residuals δ [N, C] of [Residuals]. It may exceed 1, because the two parts can
// cancel. A row whose logits do not move at all has no ratio: that is an error which names it.
func FTRatio(p, f *Kernel, delta *mat.Dense) (float64, error) {
	if err := sameShape(p, f); err != nil {
		return 0, err
	}
	if err := f.checkTraining("the FT Ratio"); err != nil {
		return 0, err
	}
	byP, err := p.Times(delta)
	if err != nil {
		return 0, err
	}
	byF, err := f.Times(delta)
	if err != nil {
		return 0, err
	}
	var both mat.Dense
	both.Add(byP, byF)
	sum := 0.0
	for j := range f.N {
		part, whole := floats.Norm(byF.RawRowView(j), 2), floats.Norm(both.RawRowView(j), 2)
		if whole == 0 {
			return 0, fmt.Errorf("kernels: FT Ratio of row %d is %g/0: its logits do not move; are all residuals zero?", j, part)
		}
		sum += part / whole
	}
	return sum / float64(f.N), nil
}
