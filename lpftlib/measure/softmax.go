package measure

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// softmax writes the probabilities of one row of logits into probs; it does not overflow.
func softmax(logits, probs []float64) {
	total := floats.LogSumExp(logits)
	for c, f := range logits {
		probs[c] = math.Exp(f - total)
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
