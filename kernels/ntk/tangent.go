package ntk

import (
	"context"
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Tangent is a network with a head as it would be if it were linear in its parameters θ: the logits of its rows are
// f0(x) + J(x)Δθ with J = ∂f/∂θ at the start, which stays what it is. J is never formed: Jᵀw is a reverse pass, and JΔθ costs
// about as much. Unlike the kernel, it knows single parameters, so that package dynamics can train it by Adam. The numbers of Δθ are V [C, h], b [C], and then the trained tensors; memory is that of the parameters and a few Δθ.
//
//	tangent, err := ntk.NewTangent(ctx, model, head, rows, ntk.Options{Backend: be})
//	defer tangent.Close()
//	gradient, err := tangent.VJP(ctx, []int{0, 3}, residuals) // Σ_i J(x_i)ᵀ δ_i
//	change, err := tangent.JVP(ctx, nil, move)                // JΔθ of all rows
type Tangent struct {
	e    *engine
	of   trained
	head *head.Head
	rows []encoder.Encoding
	phi  *mat.Dense // [R, h]
}

// NewTangent opens it at the head and the network's parameters as they are, and evaluates the rows. The embedding mode is
// exact or skip; Options' Memory and ResumeDir mean nothing here.
func NewTangent(ctx context.Context, network Network, head *head.Head, rows []encoder.Encoding, opt Options) (*Tangent, error) {
	phi, _, err := Evaluate(ctx, network, head, rows, opt)
	if err != nil {
		return nil, err
	}
	in, e, err := openWhole(network, head, rows, opt)
	if err != nil {
		return nil, err
	}
	return &Tangent{e: e, of: in.trained(), head: head, rows: rows, phi: phi}, nil
}

// Close frees what is on the device.
func (t *Tangent) Close() { t.e.close() }

// Logits are f0 of the rows [R, C].
func (t *Tangent) Logits() *mat.Dense { return t.head.Logits(t.phi) }

// Parameters counts the numbers of Δθ.
func (t *Tangent) Parameters() int {
	return len(t.head.Weight()) + len(t.head.B) + t.of.size()
}

// parts are Δθ's numbers as a head and as tensors, which share them.
func (t *Tangent) parts(move []float64) (moved head.Head, u [][]float64) {
	c, h := t.e.classes, t.e.d.Width
	return head.Head{V: mat.NewDense(c, h, move[:c*h:c*h]), B: move[c*h : c*h+c : c*h+c]}, t.of.split(move[c*h+c:])
}

// VJP is Σ_i J(x_i)ᵀ w_i for weights w [B, C] of some rows, all of them where rows is nil.
func (t *Tangent) VJP(ctx context.Context, rows []int, weights *mat.Dense) ([]float64, error) {
	rows, list, err := t.some(rows)
	if err != nil {
		return nil, err
	}
	if b, c := weights.Dims(); b != len(rows) || c != t.e.classes {
		return nil, fmt.Errorf("ntk: weights [%d, %d]: expected [B, C] = [%d, %d]", b, c, len(rows), t.e.classes)
	}
	v := mat.DenseCopyOf(weights).RawMatrix().Data
	gradient := make([]float64, t.Parameters())
	moved, u := t.parts(gradient)
	phi, err := t.e.vjp(ctx, t.of, list, v, u)
	if err != nil {
		return nil, err
	}
	addHeadMove(&moved, phi, v)
	return gradient, nil
}

// JVP is J(x_i)Δθ [B, C] of some rows, all of them where rows is nil.
func (t *Tangent) JVP(ctx context.Context, rows []int, move []float64) (*mat.Dense, error) {
	rows, list, err := t.some(rows)
	if err != nil {
		return nil, err
	}
	if len(move) != t.Parameters() {
		return nil, fmt.Errorf("ntk: a move of %d numbers: expected one for each of the %d parameters", len(move), t.Parameters())
	}
	moved, u := t.parts(move)
	phi, change, err := t.e.jvp(ctx, t.of, u, list, len(rows))
	if err != nil {
		return nil, err
	}
	out := moved.Logits(mat.NewDense(len(rows), t.e.d.Width, phi))
	out.Add(out, throughHead(t.head, change))
	return out, nil
}

// some are device batches of some rows, each as large as its length allows, so that other rows compile nothing new.
func (t *Tangent) some(rows []int) ([]int, []*batch, error) {
	if rows == nil {
		rows = make([]int, len(t.rows))
		for i := range rows {
			rows[i] = i
		}
	}
	if len(rows) == 0 {
		return nil, nil, errors.New("ntk: no rows: expected at least one, or nil for all")
	}
	texts := make([]encoder.Encoding, len(rows))
	for k, row := range rows {
		if row < 0 || row >= len(t.rows) {
			return nil, nil, fmt.Errorf("ntk: row %d: expected 0 … %d", row, len(t.rows)-1)
		}
		texts[k] = t.rows[row]
	}
	list := t.e.cut(texts)
	if t.e.be.Engine != "go" {
		for _, b := range list {
			b.fillTo(max(1, shapeOf(t.e.be.Engine).tokens/b.t))
		}
	}
	return rows, list, nil
}
