//go:build amd64 && goexperiment.simd

package probe

import (
	"simd/archsimd"
	"unsafe"
)

func init() {
	if archsimd.X86.AVX2() && archsimd.X86.FMA() {
		scores, sums = vectorScores, vectorSums
	}
}

// vectorScores is scores by tiles of two rows and three columns; what is left of the width is added one by one.
func vectorScores(out, x panel, rows []int, theta panel, columns, width int) {
	whole := width &^ 3
	for i := 0; i < len(rows); i += 2 {
		k := min(i+1, len(rows)-1) // the last of an odd number is its own neighbour
		a, b := x.row(rows[i])[:width], x.row(rows[k])[:width]
		for c := 0; c < columns; c += tile {
			dots(out.row(i)[c:], out.row(k)[c:], a, b, panel{theta.row(c), theta.stride}, whole)
		}
		for j := whole; j < width; j++ {
			for c := range columns {
				out.row(i)[c] += a[j] * theta.row(c)[j]
				if k != i {
					out.row(k)[c] += b[j] * theta.row(c)[j]
				}
			}
		}
	}
}

// vectorSums is sums by tiles of three columns of t and eight columns of x, over all the rows.
func vectorSums(out, t, x panel, rows []int, columns, width int) {
	if len(rows) == 0 {
		return
	}
	whole := width &^ 7
	for c := 0; c < columns; c += tile {
		for j := 0; j < whole; j += 8 {
			gather(panel{out.row(c)[j:], out.stride}, panel{t.data[c:], t.stride}, panel{x.data[j:], x.stride}, rows)
		}
	}
	if whole == width {
		return
	}
	for i, row := range rows {
		rest := x.row(row)[whole:width]
		for c, factor := range t.row(i)[:columns] {
			for j, v := range rest {
				out.row(c)[whole+j] += factor * v
			}
		}
	}
}

type vector = archsimd.Float64x4

func load(base unsafe.Pointer, index int) vector {
	return archsimd.LoadFloat64x4((*[4]float64)(unsafe.Add(base, 8*index)))
}

func put(base unsafe.Pointer, index int, v vector) {
	v.Store((*[4]float64)(unsafe.Add(base, 8*index)))
}

// spread is the number at base in all four lanes.
func spread(base unsafe.Pointer, index int) vector {
	return archsimd.BroadcastFloat64x4(*(*float64)(unsafe.Add(base, 8*index)))
}

// total adds four lanes, always in the same order.
func total(lanes *[4]float64) float64 { return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) }

// dots writes the products of a and b [width] with three rows of theta into outA and outB; width is a multiple of 4.
// Six sums and five operands are what the sixteen registers hold without spilling.
func dots(outA, outB, a, b []float64, theta panel, width int) {
	outA, outB = outA[:tile], outB[:tile]
	x, y := unsafe.Pointer(unsafe.SliceData(a)), unsafe.Pointer(unsafe.SliceData(b))
	w0 := unsafe.Pointer(unsafe.SliceData(theta.data))
	w1, w2 := unsafe.Add(w0, 8*theta.stride), unsafe.Add(w0, 16*theta.stride)
	var a0, a1, a2, b0, b1, b2 vector
	for j := 0; j < width; j += 4 {
		u, v := load(x, j), load(y, j)
		t := load(w0, j)
		a0, b0 = u.MulAdd(t, a0), v.MulAdd(t, b0)
		t = load(w1, j)
		a1, b1 = u.MulAdd(t, a1), v.MulAdd(t, b1)
		t = load(w2, j)
		a2, b2 = u.MulAdd(t, a2), v.MulAdd(t, b2)
	}
	var lanes [6][4]float64
	for i, v := range [6]vector{a0, a1, a2, b0, b1, b2} {
		v.Store(&lanes[i])
	}
	archsimd.ClearAVXUpperBits() // the plain code that follows waits for them otherwise
	outA[0], outA[1], outA[2] = total(&lanes[0]), total(&lanes[1]), total(&lanes[2])
	outB[0], outB[1], outB[2] = total(&lanes[3]), total(&lanes[4]), total(&lanes[5])
}

// gather adds Σ_i t[i, :3]ᵀ·x[rows[i], :8] to out [3, 8]; it reads no further than that.
func gather(out, t, x panel, rows []int) {
	o0 := unsafe.Pointer(unsafe.SliceData(out.data))
	o1, o2 := unsafe.Add(o0, 8*out.stride), unsafe.Add(o0, 16*out.stride)
	a0, b0, a1, b1, a2, b2 := load(o0, 0), load(o0, 4), load(o1, 0), load(o1, 4), load(o2, 0), load(o2, 4)
	factors, base := unsafe.Pointer(unsafe.SliceData(t.data)), unsafe.Pointer(unsafe.SliceData(x.data))
	for _, row := range rows {
		p := unsafe.Add(base, 8*row*x.stride)
		v, w := load(p, 0), load(p, 4)
		f := spread(factors, 0)
		a0, b0 = v.MulAdd(f, a0), w.MulAdd(f, b0)
		f = spread(factors, 1)
		a1, b1 = v.MulAdd(f, a1), w.MulAdd(f, b1)
		f = spread(factors, 2)
		a2, b2 = v.MulAdd(f, a2), w.MulAdd(f, b2)
		factors = unsafe.Add(factors, 8*t.stride)
	}
	put(o0, 0, a0)
	put(o0, 4, b0)
	put(o1, 0, a1)
	put(o1, 4, b1)
	put(o2, 0, a2)
	put(o2, 4, b2)
	archsimd.ClearAVXUpperBits()
}
