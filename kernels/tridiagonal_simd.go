//go:build amd64 && goexperiment.simd

package kernels

import (
	"simd/archsimd"
	"unsafe"

	"gonum.org/v1/gonum/floats"
)

var hasVectors = archsimd.X86.AVX2() && archsimd.X86.FMA()

const (
	tileHeight = 4
	tileWidth  = 8
)

func load(base unsafe.Pointer, index int) archsimd.Float64x4 {
	return archsimd.LoadFloat64x4((*[4]float64)(unsafe.Add(base, 8*index)))
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
	stride := 8 * p.n
	j := start
	for ; j < end && j+tileWidth <= p.n; j += tileWidth {
		a0 := unsafe.Pointer(&p.a.RawRowView(i)[j])
		a1, a2, a3 := unsafe.Add(a0, stride), unsafe.Add(a0, 2*stride), unsafe.Add(a0, 3*stride)
		s0, t0, s1, t1 := load(a0, 0), load(a0, 4), load(a1, 0), load(a1, 4)
		s2, t2, s3, t3 := load(a2, 0), load(a2, 4), load(a3, 0), load(a3, 4)
		x, c := unsafe.Pointer(&p.vectors.RawRowView(0)[j]), unsafe.Pointer(&p.mirrored.RawRowView(i)[0])
		for q := range 2 * panel {
			u, v := load(x, q*p.n), load(x, q*p.n+4)
			b := archsimd.BroadcastFloat64x4(-*(*float64)(unsafe.Add(c, 8*q)))
			s0, t0 = u.MulAdd(b, s0), v.MulAdd(b, t0)
			b = archsimd.BroadcastFloat64x4(-*(*float64)(unsafe.Add(c, 8*(2*panel+q))))
			s1, t1 = u.MulAdd(b, s1), v.MulAdd(b, t1)
			b = archsimd.BroadcastFloat64x4(-*(*float64)(unsafe.Add(c, 8*(4*panel+q))))
			s2, t2 = u.MulAdd(b, s2), v.MulAdd(b, t2)
			b = archsimd.BroadcastFloat64x4(-*(*float64)(unsafe.Add(c, 8*(6*panel+q))))
			s3, t3 = u.MulAdd(b, s3), v.MulAdd(b, t3)
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

// rowAndColumn adds scale·row to sum and returns the product of row and v: one pass over the row, which comes from
// memory.
func rowAndColumn(row, v, sum []float64, scale float64) float64 {
	n := len(row)
	j, dot := 0, 0.0
	if hasVectors && n >= tileWidth {
		a, x, y := unsafe.Pointer(&row[0]), unsafe.Pointer(&v[0]), unsafe.Pointer(&sum[0])
		b := archsimd.BroadcastFloat64x4(scale)
		var d0, d1 archsimd.Float64x4
		for ; j+tileWidth <= n; j += tileWidth {
			r0, r1 := load(a, j), load(a, j+4)
			d0, d1 = r0.MulAdd(load(x, j), d0), r1.MulAdd(load(x, j+4), d1)
			store(y, j, r0.MulAdd(b, load(y, j)))
			store(y, j+4, r1.MulAdd(b, load(y, j+4)))
		}
		var parts [4]float64
		d0.Add(d1).Store(&parts)
		dot = (parts[0] + parts[2]) + (parts[1] + parts[3])
	}
	floats.AddScaled(sum[j:n], scale, row[j:])
	return dot + floats.Dot(row[j:], v[j:n])
}
