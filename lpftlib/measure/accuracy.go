package measure

import "gonum.org/v1/gonum/mat"

// Accuracy is the share of rows of logits [n, C] whose largest entry is that of the label, in [0, 1]; ties count for
// the lowest class id (Tables 8, 10, 16, times 100 there).
func Accuracy(logits *mat.Dense, labels []int) (float64, error) {
	if err := checkLogits("accuracy", logits, labels); err != nil {
		return 0, err
	}
	right := 0
	for i, c := range Predict(logits) {
		if c == labels[i] {
			right++
		}
	}
	return float64(right) / float64(len(labels)), nil
}
