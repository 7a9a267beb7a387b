package probe

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack/gonum"
)

// preconditioner solves with w·G + ridge·I on each weight row and w·n on each bias: the Hessian as if every row had the
// mean curvature w. G = Q·T·Qᵀ with T tridiagonal is found once; w and ridge then cost nothing, so that every fold has
// its own at every κ.
type preconditioner struct {
	q              panel // Q [r, r]
	diagonal, next []float64
	rows           float64 // n
	jitter         float64 // enough of a diagonal for w = 1 whatever the scale of the features
}

// newPreconditioner takes the Gram matrix [r, r], which it overwrites.
func newPreconditioner(gram panel, rows, r int) *preconditioner {
	p := &preconditioner{q: gram, diagonal: make([]float64, r), next: make([]float64, r-1), rows: float64(rows)}
	for i := range r {
		p.jitter += 1e-12 * gram.row(i)[i] / float64(r)
	}
	var lapack gonum.Implementation
	tau, work := make([]float64, r-1), make([]float64, 64*r)
	lapack.Dsytrd(blas.Upper, r, gram.data, gram.stride, p.diagonal, p.next, tau, work, len(work))
	lapack.Dorgtr(blas.Upper, r, gram.data, gram.stride, tau, work, len(work))
	return p
}

// solve answers the requests with z = Q·(w·T + ridge)⁻¹·Qᵀ·residual.
func (p *preconditioner) solve(requests []*request, workers int) {
	r, columns := len(p.diagonal), columnsOf(requests)
	byRow := panel{make([]float64, r*columns), columns}
	rotated := panel{make([]float64, columns*r), r}
	each := func(visit func(q *request, weight []float64, column int)) {
		column := 0
		for _, q := range requests {
			for k := range q.outputs {
				visit(q, q.in[k*r:(k+1)*r], column)
				column++
			}
		}
	}
	each(func(_ *request, weight []float64, column int) {
		for i, v := range weight {
			byRow.row(i)[column] = v
		}
	})
	p.inPieces(workers, 8, func(from, to int) { // Qᵀ·residual, some of its entries
		sums(panel{rotated.data[from:], r}, byRow, panel{p.q.data[from:], p.q.stride}, upTo(0, r), columns, to-from)
	})
	each(func(q *request, _ []float64, column int) {
		p.solveTridiagonal(rotated.row(column)[:r], q.curvature, q.ridge)
	})
	p.inPieces(workers, 2, func(from, to int) {
		scores(panel{byRow.row(from), columns}, p.q, upTo(from, to), rotated, columns, r)
	})
	column := 0
	for _, q := range requests {
		for k := range q.outputs {
			for i := range r {
				q.out[k*r+i] = byRow.row(i)[column]
			}
			column++
			q.out[q.outputs*r+k] = q.in[q.outputs*r+k] / (q.curvature * p.rows)
		}
	}
}

// inPieces cuts 0 … r into ranges whose borders are multiples of unit.
func (p *preconditioner) inPieces(workers, unit int, work func(from, to int)) {
	r := len(p.diagonal)
	size := (r/16 + unit) / unit * unit
	inParallel((r+size-1)/size, workers, func(i int) { work(i*size, min((i+1)*size, r)) })
}

// solveTridiagonal solves (w·T + ridge)·v = v in place, by elimination without pivots: the matrix is positive definite.
func (p *preconditioner) solveTridiagonal(v []float64, w, ridge float64) {
	r := len(v)
	pivots := make([]float64, r)
	floor := ridge + w*p.jitter // no eigenvalue, and so no pivot, is smaller but for rounding
	for i := range pivots {
		pivots[i] = w*p.diagonal[i] + floor
		if i > 0 {
			e := w * p.next[i-1]
			pivots[i] -= e * e / pivots[i-1]
			v[i] -= e / pivots[i-1] * v[i-1]
		}
		pivots[i] = math.Max(pivots[i], floor)
	}
	for i := r - 1; i >= 0; i-- {
		if i < r-1 {
			v[i] -= w * p.next[i] * v[i+1]
		}
		v[i] /= pivots[i]
	}
}

// upTo lists from … to−1.
func upTo(from, to int) []int {
	list := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}
