package kernels

import (
	"fmt"
	"math"
	"sync"

	"gonum.org/v1/gonum/floats"
	lapack "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"
)

// Householder reflections bring a symmetric matrix to tridiagonal form, panel by panel as LAPACK's DLATRD and DSYTRD
// do: within a panel the matrix is only read, once a column (half of the work, bound by memory), and a panel's
// reflections are then applied together (the other half, in the caches). gonum's own DSYTRD is the same algorithm, on
// one processor and with column-wise steps through a row-wise matrix; this one goes along rows on all processors.

const (
	panel = 32  // reflections applied together
	lanes = 8   // runs of rows that are under way at once
	strip = 256 // columns of the trailing matrix updated at once: with a panel's vectors they fit a second-level cache
)

// eigenvalues of the symmetric matrix whose lower triangle a holds, ascending. It overwrites a.
func eigenvalues(a *mat.Dense) ([]float64, error) {
	n, _ := a.Dims()
	diagonal, off := tridiagonal(a)
	if !(lapack.Implementation{}).Dsterf(n, diagonal, off) {
		return nil, fmt.Errorf("kernels: the eigenvalues of a %d×%d kernel did not converge: check its entries", n, n)
	}
	return diagonal, nil
}

// tridiagonal reduces the matrix: its diagonal [n] and what stands beside it [n−1].
func tridiagonal(a *mat.Dense) (diagonal, off []float64) {
	n, _ := a.Dims()
	diagonal, off = make([]float64, n), make([]float64, max(0, n-1))
	p := &reduction{a: a, n: n, vectors: mat.NewDense(2*panel, n, nil), mirrored: mat.NewDense(n, 2*panel, nil), sums: mat.NewDense(lanes, n, nil)}
	for from := 0; from < n; from += panel {
		to := min(from+panel, n)
		for j := from; j < to; j++ {
			diagonal[j] = p.column(from, j, off)
		}
		p.apply(from, to)
	}
	return diagonal, off
}

// reduction is a matrix A − Σ_p (v_p w_pᵀ + w_p v_pᵀ) under way. Of a only the lower triangle counts.
type reduction struct {
	a        *mat.Dense
	n        int
	vectors  *mat.Dense // [2·panel, n]: v_p, and w_p after them
	mirrored *mat.Dense // [n, 2·panel]: −w_p and −v_p at a row, the vectors' coefficients there
	sums     *mat.Dense // [lanes, n], zero between products
}

// v and w are the panel's q-th vectors.
func (p *reduction) v(q int) []float64 { return p.vectors.RawRowView(q) }
func (p *reduction) w(q int) []float64 { return p.vectors.RawRowView(panel + q) }

// column makes column j of a panel's reflections, that zeroes the matrix below its off-diagonal entry, and returns the
// diagonal entry.
func (p *reduction) column(from, j int, off []float64) (diagonal float64) {
	v, w := p.v(j-from), p.w(j-from)
	clear(v)
	clear(w)
	for i := j; i < p.n; i++ {
		v[i] = p.a.At(i, j)
	}
	for q := range j - from {
		vq, wq := p.v(q), p.w(q)
		floats.AddScaled(v[j:], -wq[j], vq[j:])
		floats.AddScaled(v[j:], -vq[j], wq[j:])
	}
	diagonal, v[j] = v[j], 0
	if j+1 >= p.n {
		return diagonal
	}
	var scale float64
	off[j], scale = reflect(v[j+1:])
	if scale == 0 {
		return diagonal
	}
	p.multiply(j+1, v, w)
	for q := range j - from {
		vq, wq := p.v(q), p.w(q)
		alongW, alongV := floats.Dot(wq[j+1:], v[j+1:]), floats.Dot(vq[j+1:], v[j+1:])
		floats.AddScaled(w[j+1:], -alongW, vq[j+1:])
		floats.AddScaled(w[j+1:], -alongV, wq[j+1:])
	}
	floats.Scale(scale, w[j+1:])
	floats.AddScaled(w[j+1:], -scale/2*floats.Dot(w[j+1:], v[j+1:]), v[j+1:])
	return diagonal
}

// reflect turns x into v with v_0 = 1 for which I − scale·v vᵀ maps x to (beta, 0, …, 0).
func reflect(x []float64) (beta, scale float64) {
	rest := floats.Norm(x[1:], 2)
	alpha := x[0]
	if rest == 0 {
		clear(x)
		return alpha, 0
	}
	beta = -math.Copysign(math.Hypot(alpha, rest), alpha)
	floats.Scale(1/(alpha-beta), x)
	x[0] = 1
	return beta, (beta - alpha) / beta
}

// multiply sets w to A v for the trailing matrix from row and column first on, of which only the lower triangle is
// read: row i gives its part of w_i, and mirrored its parts of w_0 … w_{i−1}.
func (p *reduction) multiply(first int, v, w []float64) {
	p.lanes(first, func(lane, from, to int) {
		sum := p.sums.RawRowView(lane)
		for i := from; i < to; i++ {
			row := p.a.RawRowView(i)[first:i]
			sum[i] += floats.Dot(row, v[first:i]) + p.a.At(i, i)*v[i]
			floats.AddScaled(sum[first:i], v[i], row)
		}
	})
	for lane := range lanes {
		sum := p.sums.RawRowView(lane)[first:]
		floats.Add(w[first:], sum)
		clear(sum)
	}
}

// apply subtracts a panel's products from the trailing matrix.
func (p *reduction) apply(from, to int) {
	for q := range panel {
		v, w := p.v(q), p.w(q)
		if q >= to-from {
			clear(v)
			clear(w)
		}
		for i := to; i < p.n; i++ {
			row := p.mirrored.RawRowView(i)
			row[q], row[panel+q] = -w[i], -v[i]
		}
	}
	p.lanes(to, func(_, first, last int) {
		for start := to; start < last; start += strip {
			for i := max(first, start); i < last; i++ {
				p.subtract(i, start, min(start+strip, i+1))
			}
		}
	})
}

// subtract takes the panel's products from columns start … end of row i.
func (p *reduction) subtract(i, start, end int) {
	row := p.a.RawRowView(i)[start:end]
	for q, c := range p.mirrored.RawRowView(i) {
		floats.AddScaled(row, c, p.vectors.RawRowView(q)[start:end])
	}
}

// lanes runs the rows from first on in so many runs of about equal area of the lower triangle, at once where that is
// worth a goroutine. Their number is fixed, so that sums have the same bits on any number of processors.
func (p *reduction) lanes(first int, run func(lane, from, to int)) {
	var wait sync.WaitGroup
	edge := func(lane int) int { return first + int(float64(p.n-first)*math.Sqrt(float64(lane)/lanes)) }
	for lane := range lanes {
		from, to := edge(lane), edge(lane+1)
		if p.n-first < 200 {
			run(lane, from, to)
			continue
		}
		wait.Go(func() { run(lane, from, to) })
	}
	wait.Wait()
}
