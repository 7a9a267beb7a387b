package measure

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// softmax writes the probabilities of one row of logits into probs. It does not overflow, and C
// equal logits give 1/C to the last bit, which lies on the edge of a bin for C = 3 and 5.
func softmax(logits, probs []float64) {
	largest, total := floats.Max(logits), 0.0
	for c, f := range logits {
		probs[c] = math.Exp(f - largest)
		total += probs[c]
	}
	for c := range probs {
		probs[c] /= total
	}
}

// Predict returns the class with the largest logit of each row of logits [n, C]; ties go to the lowest id.
func Predict(logits *mat.Dense) []int {
	n, _ := logits.Dims()
	classes := make([]int, n)
	for i := range classes {
		classes[i] = floats.MaxIdx(logits.RawRowView(i))
	}
	return classes
}
