package measure

import "gonum.org/v1/gonum/mat"

// MCE is the maximum calibration error, the largest |acc_b − conf_b| of the bins that are not empty (Guo et al. 2017;
// Tables 3, 14, 15 with PaperBins, times 100 there), in [0, 1]. With few rows a bin with one row can decide it.
func MCE(logits *mat.Dense, labels []int, bins int) (float64, error) {
	table, err := Reliability(logits, labels, bins)
	if err != nil {
		return 0, err
	}
	largest := 0.0
	for _, b := range table {
		if b.Count > 0 {
			largest = max(largest, b.gap())
		}
	}
	return largest, nil
}
