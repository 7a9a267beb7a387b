package kernels

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/encoder"
)

// residuals are δ_i = e_{y_i} − softmax(f0(x_i)) [N, C] of labelled rows.
func residuals(ctx context.Context, model *Model, head *Head, rows []encoder.Encoding, labels []int, opt Options) ([]float64, error) {
	c := head.Classes()
	if len(labels) != len(rows) { // before time is spent
		return nil, fmt.Errorf("kernels: %d labels for %d rows: expected one each", len(labels), len(rows))
	}
	phi, err := features(ctx, model, head, rows, opt)
	if err != nil {
		return nil, err
	}
	delta, err := Residuals(mat.NewDense(len(rows), c, logitsOf(head, phi)), labels)
	if err != nil {
		return nil, err
	}
	return delta.RawMatrix().Data, nil
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
