//go:build amd64 && goexperiment.simd

package kernels

import (
	"simd/archsimd"
	"unsafe"
)

var hasVectors = archsimd.X86.AVX2() && archsimd.X86.FMA()

const tileHeight = 4

func load(base unsafe.Pointer, index int) archsimd.Float64x4 {
	return archsimd.LoadFloat64x4((*[4]float64)(unsafe.Add(base, 8*index)))
}

func at(base unsafe.Pointer, index int) archsimd.Float64x4 {
	return archsimd.BroadcastFloat64x4(*(*float64)(unsafe.Add(base, 8*index)))
}

func store(base unsafe.Pointer, index int, v archsimd.Float64x4) {
	v.Store((*[4]float64)(unsafe.Add(base, 8*index)))
}

// subtract takes the panel's products from columns start … end of four rows, eight columns at a time: sixteen
// registers hold the eight sums, two vectors' parts and a coefficient.
func (p *reduction) subtract(i, height, start, end int) {
	if !hasVectors || height < tileHeight {
		p.subtractPlainly(i, height, start, end)
		return
	}
	row, coefficient := 8*p.n, 8*2*panel // bytes
	j := start
	for ; j < end && j+tileWidth <= p.n; j += tileWidth {
		a0 := unsafe.Pointer(&p.a.RawRowView(i)[j])
		a1, a2, a3 := unsafe.Add(a0, row), unsafe.Add(a0, 2*row), unsafe.Add(a0, 3*row)
		s0, t0, s1, t1 := load(a0, 0), load(a0, 4), load(a1, 0), load(a1, 4)
		s2, t2, s3, t3 := load(a2, 0), load(a2, 4), load(a3, 0), load(a3, 4)
		x, c0 := unsafe.Pointer(&p.packed[j*2*panel]), unsafe.Pointer(&p.mirrored.RawRowView(i)[0])
		c1, c2, c3 := unsafe.Add(c0, coefficient), unsafe.Add(c0, 2*coefficient), unsafe.Add(c0, 3*coefficient)
		for q := range 2 * panel {
			u, v := load(x, q*tileWidth), load(x, q*tileWidth+4)
			c := at(c0, q)
			s0, t0 = u.MulAdd(c, s0), v.MulAdd(c, t0)
			c = at(c1, q)
			s1, t1 = u.MulAdd(c, s1), v.MulAdd(c, t1)
			c = at(c2, q)
			s2, t2 = u.MulAdd(c, s2), v.MulAdd(c, t2)
			c = at(c3, q)
			s3, t3 = u.MulAdd(c, s3), v.MulAdd(c, t3)
		}
		store(a0, 0, s0)
		store(a0, 4, t0)
		store(a1, 0, s1)
		store(a1, 4, t1)
		store(a2, 0, s2)
		store(a2, 4, t2)
		store(a3, 0, s3)
		store(a3, 4, t3)
	}
	if j < end {
		p.subtractPlainly(i, height, j, end)
	}
}

// mirror is mirrorRow of four rows' columns first … i, in one pass over the rows, which come from memory.
func (p *reduction) mirror(i, height, first int, v, sum []float64) {
	j := first
	if hasVectors && height == tileHeight && i > first {
		a0 := unsafe.Pointer(&p.a.RawRowView(i)[0])
		a1, a2, a3 := unsafe.Add(a0, 8*p.n), unsafe.Add(a0, 16*p.n), unsafe.Add(a0, 24*p.n)
		x, y := unsafe.Pointer(&v[0]), unsafe.Pointer(&sum[0])
		c0, c1, c2, c3 := at(x, i), at(x, i+1), at(x, i+2), at(x, i+3)
		var d0, d1, d2, d3 archsimd.Float64x4
		for ; j+4 <= i; j += 4 {
			u, s := load(x, j), load(y, j)
			r := load(a0, j)
			d0, s = r.MulAdd(u, d0), r.MulAdd(c0, s)
			r = load(a1, j)
			d1, s = r.MulAdd(u, d1), r.MulAdd(c1, s)
			r = load(a2, j)
			d2, s = r.MulAdd(u, d2), r.MulAdd(c2, s)
			r = load(a3, j)
			d3, s = r.MulAdd(u, d3), r.MulAdd(c3, s)
			store(y, j, s)
		}
		for r, d := range [4]archsimd.Float64x4{d0, d1, d2, d3} {
			var parts [4]float64
			d.Store(&parts)
			sum[i+r] += (parts[0] + parts[2]) + (parts[1] + parts[3])
		}
	}
	for r := i; r < i+height; r++ {
		p.mirrorRow(r, j, i, v, sum)
	}
}
