package measure

import (
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Frobenius is the paper's Norm(C) = ‖V‖_F of a head's weight V [C, h], given row by row; the bias is not part of it
// (Tables 1, 11, 13; Figures 1, 4).
func Frobenius(weight []float64) float64 { return floats.Norm(weight, 2) }

// VectorNorm is the Euclidean norm, for the bias b [C] of a head.
func VectorNorm(bias []float64) float64 { return floats.Norm(bias, 2) }

// MeanLogitNorm is (1/n) Σ_i ‖f(x_i)‖ over logits [n, C].
func MeanLogitNorm(logits *mat.Dense) (float64, error) {
	if err := checkMatrix("mean logit norm", "logits", logits); err != nil {
		return 0, err
	}
	n, _ := logits.Dims()
	sum := 0.0
	for i := range n {
		sum += floats.Norm(logits.RawRowView(i), 2)
	}
	return sum / float64(n), nil
}
