package dynamics

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Tangent is a model that is linear in its parameters, f0 + JΔθ, known by products with its Jacobian J: a network's own at
// the start of training (package ntk's Tangent), or [Head]. Rows are numbers; nil stands for all.
type Tangent interface {
	Logits() *mat.Dense                                                                      // f0 of all rows [R, C]
	Parameters() int                                                                         // P
	JVP(ctx context.Context, rows []int, move []float64) (*mat.Dense, error)                 // J(x_i)Δθ of some rows [B, C]
	VJP(ctx context.Context, rows []int, weights *mat.Dense) (gradient []float64, err error) // Σ_i J(x_i)ᵀ w_i [P]
}

// Head is the model whose encoder stands still: f0 + φΔVᵀ + Δb. Δθ is V [C, h] and then b [C].
type Head struct {
	Phi   *mat.Dense // features [R, h]
	Start *mat.Dense // f0 [R, C]
}

// Logits are f0.
func (h Head) Logits() *mat.Dense { return h.Start }

func (h Head) dims() (rows, width, classes int) {
	rows, width = h.Phi.Dims()
	_, classes = h.Start.Dims()
	return rows, width, classes
}

// Parameters is C·h + C.
func (h Head) Parameters() int {
	_, width, classes := h.dims()
	return classes * (width + 1)
}

// JVP is φΔVᵀ + Δb.
func (h Head) JVP(_ context.Context, rows []int, move []float64) (*mat.Dense, error) {
	_, width, classes := h.dims()
	if len(move) != h.Parameters() {
		return nil, fmt.Errorf("dynamics: a move of %d numbers: expected [C, h] and [C], %d", len(move), h.Parameters())
	}
	var out mat.Dense
	out.Mul(pickRows(h.Phi, rows), mat.NewDense(classes, width, move[:classes*width:classes*width]).T())
	b, _ := out.Dims()
	for i := range b {
		floats.Add(out.RawRowView(i), move[classes*width:])
	}
	return &out, nil
}

// VJP is Σ_i w_i φ_iᵀ and Σ_i w_i.
func (h Head) VJP(_ context.Context, rows []int, weights *mat.Dense) ([]float64, error) {
	_, width, classes := h.dims()
	out := make([]float64, h.Parameters())
	mat.NewDense(classes, width, out[:classes*width:classes*width]).Mul(weights.T(), pickRows(h.Phi, rows))
	b, _ := weights.Dims()
	for i := range b {
		floats.Add(out[classes*width:], weights.RawRowView(i))
	}
	return out, nil
}
