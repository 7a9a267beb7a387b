package kernels

import (
	"context"
	"fmt"
	"math"

	"lpft/lpftlib/encoder"
)

// residuals are δ_i = e_{y_i} − softmax(f0(x_i)) [N, C] of labelled rows.
func residuals(ctx context.Context, model *Model, head *Head, rows []encoder.Encoding, labels []int, opt Options) ([]float64, error) {
	c := head.Classes()
	if len(labels) != len(rows) {
		return nil, fmt.Errorf("kernels: %d labels for %d rows: expected one each", len(labels), len(rows))
	}
	for i, y := range labels {
		if y < 0 || y >= c {
			return nil, fmt.Errorf("kernels: label %d of row %d: expected 0 to %d", y, i, c-1)
		}
	}
	phi, err := features(ctx, model, head, rows, opt)
	if err != nil {
		return nil, err
	}
	delta := head.logits(phi)
	for i, y := range labels {
		residual(delta[i*c:(i+1)*c], y)
	}
	return delta, nil
}

// residual replaces logits by e_y − softmax(logits).
func residual(f []float64, y int) {
	largest := math.Inf(-1)
	for _, v := range f {
		largest = max(largest, v)
	}
	sum := 0.0
	for k, v := range f {
		f[k] = math.Exp(v - largest)
		sum += f[k]
	}
	for k := range f {
		f[k] /= -sum
	}
	f[y]++
}

// features are φ(x) [N, h] in evaluation mode, in the precision of the options.
func features(ctx context.Context, model *Model, head *Head, rows []encoder.Encoding, opt Options) ([]float64, error) {
	in, e, err := open(model, head, rows, nil, opt)
	if err != nil {
		return nil, err
	}
	defer e.close()
	r := &run{input: in, e: e}
	r.groups = nil // no layer: the forward pass alone
	p, _ := r.wholePlan()
	data, _, err := r.reverse(ctx, p, p.passes[0], "")
	data.free()
	return r.features, err
}
