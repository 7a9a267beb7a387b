package probe

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// equalRows tells that the training rows of x, those that are not held out, are all the same.
func equalRows(x *mat.Dense, held []int) bool {
	n, _ := x.Dims()
	first := -1
	for i := range n {
		if len(held) > 0 && held[0] == i { // held is ascending
			held = held[1:]
			continue
		}
		if first < 0 {
			first = i
		}
		if !slices.Equal(x.RawRowView(i), x.RawRowView(first)) {
			return false
		}
	}
	return true
}

// priors is the minimiser where all training rows are equal. Features tell nothing there, so that the penalty makes
// W = 0, and the bias alone gives every class its share of the rows, b_c = log n_c up to a constant. Newton's method
// would look for it with a tolerance relative to ‖W‖, which no rounding meets.
func (p *problem) priors() []float64 {
	counts := make([]float64, max(p.outputs, 2))
	for i, label := range p.labels {
		if p.takesPart(i) {
			counts[label]++
		}
	}
	theta := make([]float64, p.size())
	bias := theta[len(p.weights(theta)):]
	if p.binary {
		bias[0] = math.Log(counts[1]/counts[0]) / p.slope
		return theta
	}
	mean := 0.0
	for _, count := range counts {
		mean += math.Log(count) / float64(len(counts))
	}
	for c, count := range counts {
		bias[c] = math.Log(count) - mean
	}
	return theta
}
