package measure

import (
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

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
