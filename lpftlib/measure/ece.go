package measure

import "gonum.org/v1/gonum/mat"

// ECE is the expected calibration error Σ_b (n_b/n)·|acc_b − conf_b| over bins of equal width (Guo et al. 2017;
// Tables 3, 14, 15 with PaperBins, times 100 there), in [0, 1].
func ECE(logits *mat.Dense, labels []int, bins int) (float64, error) {
	table, err := Reliability(logits, labels, bins)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, b := range table {
		sum += float64(b.Count) / float64(len(labels)) * b.gap()
	}
	return sum, nil
}
