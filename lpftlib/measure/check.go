package measure

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// checkMatrix refuses a matrix without rows or with entries that are not finite. metric and what name it in the error.
func checkMatrix(metric, what string, m *mat.Dense) error {
	if m == nil || m.IsEmpty() {
		return fmt.Errorf("measure: %s: no %s: expected at least one row", metric, what)
	}
	n, _ := m.Dims()
	for i := range n {
		for j, v := range m.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("measure: %s: %s[%d, %d] is %v: expected finite numbers", metric, what, i, j, v)
			}
		}
	}
	return nil
}

// checkLabels wants one label 0 … classes−1 a row.
func checkLabels(metric string, labels []int, rows, classes int) error {
	if len(labels) != rows {
		return fmt.Errorf("measure: %s: %d labels for %d rows: expected one a row", metric, len(labels), rows)
	}
	for i, c := range labels {
		if c < 0 || c >= classes {
			return fmt.Errorf("measure: %s: label %d of row %d: expected 0 … %d", metric, c, i, classes-1)
		}
	}
	return nil
}

// checkLogits checks logits [n, C] together with their labels [n].
func checkLogits(metric string, logits *mat.Dense, labels []int) error {
	if err := checkMatrix(metric, "logits", logits); err != nil {
		return err
	}
	n, classes := logits.Dims()
	return checkLabels(metric, labels, n, classes)
}
