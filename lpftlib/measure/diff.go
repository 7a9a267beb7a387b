package measure

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// FeatureDifference is the paper's Diff(F), how far the features [n, h] moved from those of the pre-trained model on
// the same rows (Tables 1, 11, 12; Figures 3, 10, 11):
//
//	Diff = (1/n) Σ_i ‖φ_i − φ_i^pre‖.
func FeatureDifference(features, pretrained *mat.Dense) (float64, error) {
	if err := checkMatrix("Diff", "features", features); err != nil {
		return 0, err
	}
	if err := checkMatrix("Diff", "pre-trained features", pretrained); err != nil {
		return 0, err
	}
	n, h := features.Dims()
	if m, k := pretrained.Dims(); m != n || k != h {
		return 0, fmt.Errorf("measure: Diff: features [%d, %d] against pre-trained [%d, %d]: expected the same rows of both models", n, h, m, k)
	}
	sum := 0.0
	for i := range n {
		sum += floats.Distance(features.RawRowView(i), pretrained.RawRowView(i), 2)
	}
	return sum / float64(n), nil
}
