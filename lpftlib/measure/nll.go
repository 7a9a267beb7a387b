package measure

import (
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// NLL is the mean negative log-likelihood (1/n) Σ_i −log softmax(f_i)_{y_i} of logits [n, C], in nats; large logits do
// not overflow.
func NLL(logits *mat.Dense, labels []int) (float64, error) {
	if err := checkLogits("NLL", logits, labels); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, label := range labels {
		row := logits.RawRowView(i)
		sum += floats.LogSumExp(row) - row[label]
	}
	return sum / float64(len(labels)), nil
}
