package dynamics

import "gonum.org/v1/gonum/mat"

// pick are the labels of some rows.
func pick(labels, rows []int) []int {
	out := make([]int, len(rows))
	for k, row := range rows {
		out[k] = labels[row]
	}
	return out
}

// pickRows are some rows of a matrix; nil stands for all. The result may be m itself.
func pickRows(m *mat.Dense, rows []int) *mat.Dense {
	if rows == nil {
		return m
	}
	_, c := m.Dims()
	out := mat.NewDense(len(rows), c, nil)
	for k, row := range rows {
		out.SetRow(k, m.RawRowView(row))
	}
	return out
}
