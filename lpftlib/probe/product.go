package probe

// panel is a matrix of rows that lie stride apart.
type panel struct {
	data   []float64
	stride int
}

func (p panel) row(i int) []float64 { return p.data[i*p.stride:] }

// tile is the number of columns that the vector kernels take at once: columns below is always a multiple of it.
const tile = 3

// scores sets out [len(rows), columns] to the products of the given rows of x with the rows of theta [columns, width];
// sums adds Σ_i t[i, :]ᵀ·x[rows[i], :] to out [columns, width], with t [len(rows), columns].
//
// A build with GOEXPERIMENT=simd replaces them where the processor has AVX2.
var (
	scores = plainScores
	sums   = plainSums
)

func plainScores(out, x panel, rows []int, theta panel, columns, width int) {
	for i, row := range rows {
		values := x.row(row)[:width]
		for c := range columns {
			out.row(i)[c] = dot(values, theta.row(c)[:width])
		}
	}
}

func plainSums(out, t, x panel, rows []int, columns, width int) {
	for i, row := range rows {
		values := x.row(row)[:width]
		for c, factor := range t.row(i)[:columns] {
			axpy(factor, values, out.row(c)[:width])
		}
	}
}
