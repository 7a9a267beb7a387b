package probe

import (
	"gonum.org/v1/gonum/mat"
)

// coordinates are the features as the solver sees them: centred, and with at most N columns.
//
// Centring is implicit (the rows of x stay as they are and mean is subtracted in the sums): the bias is not
// penalised, so W(φ − m) + b' with b' = b + Wm is the same problem, without the large common component that
// transformer features have (cosines of 0.99) and that would spoil the conditioning.
type coordinates struct {
	x     *mat.Dense // [N, r], not centred
	mean  []float64  // [r]; nil: no centring
	basis *mat.Dense // [h, r] with orthonormal columns, or nil for the identity (r = h)
}

// newCoordinates keeps x where N ≥ h, without a copy. Where N < h the optimum lies in the span of the rows
// (the representer theorem), so with Xᵀ = QR the rows of Rᵀ [N, N] carry the same problem: ‖W'Qᵀ‖ = ‖W'‖.
func newCoordinates(x *mat.Dense) *coordinates {
	c := &coordinates{x: x}
	if n, h := x.Dims(); n < h {
		var qr mat.QR
		qr.Factorize(x.T())
		var q, r mat.Dense
		qr.QTo(&q)
		qr.RTo(&r)
		c.basis = mat.DenseCopyOf(q.Slice(0, h, 0, n))
		c.x = mat.DenseCopyOf(r.Slice(0, n, 0, n).T())
	}
	c.mean = columnMeans(c.x)
	return c
}

// head maps weight [C, r] and bias [C] of the solver back to V [C, h] and b [C].
func (c *coordinates) head(weight, bias []float64) (v, b []float64) {
	_, r := c.x.Dims()
	classes := len(bias)
	w := mat.NewDense(classes, r, weight)
	b = append([]float64(nil), bias...)
	if c.mean != nil {
		for k := range b {
			b[k] -= dot(w.RawRowView(k), c.mean)
		}
	}
	if c.basis == nil {
		return append([]float64(nil), weight...), b
	}
	var full mat.Dense
	full.Mul(w, c.basis.T())
	return full.RawMatrix().Data, b
}

// sampledGram returns G ≈ Σ_i (x_i − m)(x_i − m)ᵀ [r, r] from at most limit evenly spaced rows, scaled up to all.
func (c *coordinates) sampledGram(limit int) *mat.SymDense {
	n, r := c.x.Dims()
	stride := (n + limit - 1) / limit
	sampled := (n + stride - 1) / stride
	rows := mat.NewDense(sampled, r, nil)
	for i := range sampled {
		row := rows.RawRowView(i)
		for j, v := range c.x.RawRowView(i * stride) {
			row[j] = v - c.mean[j]
		}
	}
	gram := mat.NewSymDense(r, nil)
	gram.SymOuterK(float64(n)/float64(sampled), rows.T())
	return gram
}

func columnMeans(x *mat.Dense) []float64 {
	n, r := x.Dims()
	mean := make([]float64, r)
	for i := range n {
		axpy(1/float64(n), x.RawRowView(i), mean)
	}
	return mean
}
