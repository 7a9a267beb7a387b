package ntk

import (
	"fmt"

	"lpft/kernels"
	"lpft/lpftlib/npy"
)

// ReadHead reads a head from an .npz file with weight [C, h] and bias [C], float32 or float64.
// It is used as it is, whatever C: nothing is halved.
func ReadHead(path string) (*Head, error) {
	arrays, err := npy.ReadNpz(path)
	if err != nil {
		return nil, err
	}
	weight, shape, err := numbersOf(path, arrays, "weight", 2)
	if err != nil {
		return nil, err
	}
	bias, biasShape, err := numbersOf(path, arrays, "bias", 1)
	if err != nil {
		return nil, err
	}
	if biasShape[0] != shape[0] || shape[0] < 2 {
		return nil, fmt.Errorf("%s: weight has shape %v and bias %v: expected [C, h] and [C] of at least 2 classes", path, shape, biasShape)
	}
	return &Head{Weight: weight, Bias: bias}, nil
}

func numbersOf(path string, arrays map[string]*npy.Array, name string, rank int) ([]float64, []int, error) {
	a := arrays[name]
	if a == nil {
		return nil, nil, fmt.Errorf("%s: array %q is missing: expected weight [C, h] and bias [C]", path, name)
	}
	if len(a.Shape) != rank || (a.Float32 == nil && a.Float64 == nil) {
		return nil, nil, fmt.Errorf("%s: array %q has shape %v: expected float32 or float64 of %d dimensions", path, name, a.Shape, rank)
	}
	if a.Float64 != nil {
		return a.Float64, a.Shape, nil
	}
	return widened(a.Float32), a.Shape, nil
}

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
	kernel := func(name string, k *kernels.Kernel) npy.NamedArray {
		return npy.NamedArray{Name: name, Shape: []int{k.N, k.C, k.M, k.C}, Data: k.Data}
	}
	list := func(name string, v []int) npy.NamedArray {
		wide := make([]int64, len(v))
		for i := range v {
			wide[i] = int64(v[i])
		}
		return npy.NamedArray{Name: name, Shape: []int{len(v)}, Data: wide}
	}
	n, c := r.F.N, r.F.C
	arrays := []npy.NamedArray{kernel("p", r.P), kernel("f", r.F), kernel("theta", r.Theta),
		{Name: "f_groups", Shape: []int{len(names), n, c, n, c}, Data: groups}, {Name: "groups", Shape: []int{len(names)}, Data: names},
		list("indices", rows.Indices), list("labels", rows.Labels)}
	if r.FTest != nil {
		arrays = append(arrays, kernel("p_test", r.PTest), kernel("f_test", r.FTest), kernel("theta_test", r.ThetaTest),
			list("indices_test", rows.IndicesTest), list("labels_test", rows.LabelsTest))
	}
	return npy.WriteNpz(path, arrays)
}
