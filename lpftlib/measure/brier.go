package measure

import "gonum.org/v1/gonum/mat"

// Brier is the score of Brier (1950), (1/n) Σ_i Σ_c (p_ic − 1[y_i = c])² for p = softmax(f) of logits [n, C], in [0, 2].
func Brier(logits *mat.Dense, labels []int) (float64, error) {
	if err := checkLogits("Brier", logits, labels); err != nil {
		return 0, err
	}
	_, classes := logits.Dims()
	probs := make([]float64, classes)
	sum := 0.0
	for i, label := range labels {
		softmax(logits.RawRowView(i), probs)
		probs[label]--
		for _, p := range probs {
			sum += p * p
		}
	}
	return sum / float64(len(labels)), nil
}

// BrierMean is Brier divided by the number of classes: the mean over rows and classes that the paper's published code
// takes.
func BrierMean(logits *mat.Dense, labels []int) (float64, error) {
	score, err := Brier(logits, labels)
	if err != nil {
		return 0, err
	}
	_, classes := logits.Dims()
	return score / float64(classes), nil
}
