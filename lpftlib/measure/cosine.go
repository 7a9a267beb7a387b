package measure

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// CosineSimilarity is the paper's CS(F), the mean cosine between the features [n, h] of one model (Tables 1, 11):
//
//	CS = 2/(n(n−1)) Σ_{i<j} cos(φ_i, φ_j) = (‖Σ_i u_i‖² − n)/(n(n−1)),   u_i = φ_i/‖φ_i‖,
//
// in O(nh) time. The paper does not write the formula; that the pre-trained model has 0.997 rules out a comparison
// of two models. It is an error if there are fewer than two rows or one of them is zero.
func CosineSimilarity(features *mat.Dense) (float64, error) {
	if err := checkMatrix("CS", "features", features); err != nil {
		return 0, err
	}
	n, h := features.Dims()
	if n < 2 {
		return 0, fmt.Errorf("measure: CS: one row of features: expected at least two, the mean is over pairs")
	}
	sum := make([]float64, h)
	for i := range n {
		row := features.RawRowView(i)
		length := floats.Norm(row, 2)
		if length == 0 {
			return 0, fmt.Errorf("measure: CS: row %d of the features is zero: its cosine is undefined", i)
		}
		floats.AddScaled(sum, 1/length, row)
	}
	rows := float64(n)
	return (floats.Dot(sum, sum) - rows) / (rows * (rows - 1)), nil
}
