package probe

import (
	"math"

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

// gram returns G ≈ Σ_i (x_i − m)(x_i − m)ᵀ [r, r], its upper triangle, from at most limit evenly spaced rows, scaled up to all.
// The stride is a multiple of tile.
func (c *coordinates) gram(limit, workers int) panel {
	n, r := c.x.Dims()
	step := (n + limit - 1) / limit
	taken := (n + step - 1) / step
	scale := math.Sqrt(float64(n) / float64(taken))
	stride := (r + tile - 1) / tile * tile
	g := panel{make([]float64, stride*stride), stride}
	const width, block = 32 * tile, 32 // of one piece of work; width is a multiple of 8, too
	inParallel((stride+width-1)/width, workers, func(k int) {
		from, to := k*width, min((k+1)*width, stride)
		rows := panel{make([]float64, block*stride), stride}
		for first := 0; first < taken; first += block {
			count := min(block, taken-first)
			for i := range count {
				row, centred := c.x.RawRowView((first+i)*step), rows.row(i)
				for j := from; j < r; j++ {
					centred[j] = scale * (row[j] - c.mean[j])
				}
			}
			part := panel{rows.data[from:], stride}
			sums(panel{g.data[from*stride+from:], stride}, part, part, upTo(0, count), to-from, stride-from)
		}
	})
	return g
}

func columnMeans(x *mat.Dense) []float64 {
	n, r := x.Dims()
	mean := make([]float64, r)
	for i := range n {
		axpy(1/float64(n), x.RawRowView(i), mean)
	}
	return mean
}
