package kernels

import (
	"lpft/lpftlib/store"
)

// Rows says which rows a kernel is of, in its order.
type Rows struct {
	Indices, Labels         []int // training rows [N]: numbers within the training split, class ids
	IndicesTest, LabelsTest []int // test rows [M]
}

// Write writes the kernel as .npz: p, f, theta [N, C, N, C], f_groups [G, N, C, N, C] with the
// names in groups, indices and labels [N]; and with test rows p_test, f_test, theta_test
// [M, C, N, C], indices_test and labels_test [M]. Numbers are float64.
func (r *Result) Write(path string, rows Rows) error {
	var names []string
	var groups []float64
	for _, g := range r.Groups {
		names = append(names, g.Name)
		groups = append(groups, g.Train.Data...)
	}
	kernel := func(name string, k *Kernel) store.NamedArray {
		return store.NamedArray{Name: name, Shape: []int{k.N, k.C, k.M, k.C}, Data: k.Data}
	}
	list := func(name string, v []int) store.NamedArray {
		wide := make([]int64, len(v))
		for i := range v {
			wide[i] = int64(v[i])
		}
		return store.NamedArray{Name: name, Shape: []int{len(v)}, Data: wide}
	}
	n, c := r.F.N, r.F.C
	arrays := []store.NamedArray{kernel("p", r.P), kernel("f", r.F), kernel("theta", r.Theta),
		{Name: "f_groups", Shape: []int{len(names), n, c, n, c}, Data: groups}, {Name: "groups", Shape: []int{len(names)}, Data: names},
		list("indices", rows.Indices), list("labels", rows.Labels)}
	if r.FTest != nil {
		arrays = append(arrays, kernel("p_test", r.PTest), kernel("f_test", r.FTest), kernel("theta_test", r.ThetaTest),
			list("indices_test", rows.IndicesTest), list("labels_test", rows.LabelsTest))
	}
	return store.WriteNpz(path, arrays)
}
