package measure

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Matthews is the correlation coefficient of predictions (largest of logits [n, C]) and labels, in [−1, 1]. For two
// classes it is (TP·TN − FP·FN)/√((TP+FP)(TP+FN)(TN+FP)(TN+FN)); for more, Gorodkin's R_K (2004):
//
//	(c·n − Σ_k p_k t_k) / √((n² − Σ p_k²)(n² − Σ t_k²)),
//
// with c right predictions, p_k predictions and t_k labels of class k. It is 0 where the labels or the predictions are
// all of one class, as in scikit-learn.
func Matthews(logits *mat.Dense, labels []int) (float64, error) {
	if err := checkLogits("Matthews", logits, labels); err != nil {
		return 0, err
	}
	n, classes := logits.Dims()
	predicted, actual := make([]float64, classes), make([]float64, classes)
	right := 0.0
	for i, c := range Predict(logits) {
		predicted[c]++
		actual[labels[i]]++
		if c == labels[i] {
			right++
		}
	}
	rows := float64(n)
	covariance, spreadPredicted, spreadActual := right*rows, rows*rows, rows*rows
	for k := range classes {
		covariance -= predicted[k] * actual[k]
		spreadPredicted -= predicted[k] * predicted[k]
		spreadActual -= actual[k] * actual[k]
	}
	if spreadPredicted == 0 || spreadActual == 0 {
		return 0, nil
	}
	return covariance / math.Sqrt(spreadPredicted*spreadActual), nil
}
