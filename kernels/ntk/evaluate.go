package ntk

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Evaluate is one forward pass in evaluation mode: features φ(x) [N, h] and logits Vφ(x) + b [N, C].
func Evaluate(ctx context.Context, network Network, head *head.Head, rows []encoder.Encoding, opt Options) (phi, logits *mat.Dense, err error) {
	in, e, err := open(network, head, rows, nil, opt)
	if err != nil {
		return nil, nil, err
	}
	defer e.close()
	r := &run{input: in, e: e}
	r.groups = nil // no layer: the forward pass alone
	p, _ := r.wholePlan()
	data, _, err := r.reverse(ctx, p, p.passes[0], "")
	data.free()
	if err != nil {
		return nil, nil, err
	}
	phi, logits = evaluated(head, r.features)
	return phi, logits, nil
}

// evaluated are features [N, h] as a matrix, and their logits.
func evaluated(h *head.Head, features []float64) (phi, logits *mat.Dense) {
	phi = mat.NewDense(len(features)/h.Hidden(), h.Hidden(), features)
	return phi, h.Logits(phi)
}

// residuals are δ_i = e_{y_i} − softmax(f0(x_i)) [N, C] of labelled rows.
func residuals(ctx context.Context, network Network, head *head.Head, rows []encoder.Encoding, labels []int, opt Options) ([]float64, error) {
	if len(labels) != len(rows) { // before time is spent
		return nil, fmt.Errorf("ntk: %d labels for %d rows: expected one each", len(labels), len(rows))
	}
	_, logits, err := Evaluate(ctx, network, head, rows, opt)
	if err != nil {
		return nil, err
	}
	delta, err := kernels.Residuals(logits, labels)
	if err != nil {
		return nil, err
	}
	return delta.RawMatrix().Data, nil
}
