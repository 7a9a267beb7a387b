package kernels

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/npy"
)

// Write writes kernels as an .npz file, each under its name as float64 [M, C, N, C]; numpy.load reads it.
func Write(path string, kernels map[string]*Kernel) error {
	var arrays []npy.NamedArray
	for _, name := range slices.Sorted(maps.Keys(kernels)) {
		arrays = append(arrays, named(name, kernels[name]))
	}
	return npy.WriteNpz(path, arrays)
}

// Read reads one kernel of an .npz file, [Write]'s, [NTK.Write]'s or numpy.savez's: floats [M, C, N, C], or a matrix
// [M, N], which is a kernel of one class.
func Read(path, name string) (*Kernel, error) {
	arrays, err := npy.ReadNpz(path)
	if err != nil {
		return nil, err
	}
	k, err := kernelOf(arrays, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// Write writes everything but the groups' test kernels as an .npz file of float64: p, f, theta [N, C, N, C], f_groups
// [G, N, C, N, C] with the names in groups, phi [N, h], logits [N, C]; with test rows p_test, f_test, theta_test
// [M, C, N, C], phi_test [M, h] and logits_test [M, C]; and indices, labels [N], indices_test, labels_test [M].
func (k *NTK) Write(path string) error {
	arrays := []npy.NamedArray{named("p", k.P), named("f", k.F), named("theta", k.Theta)}
	names, groups := []string{}, []float64{}
	for _, g := range k.Groups {
		names = append(names, g.Name)
		groups = append(groups, g.Train.Data...)
	}
	arrays = append(arrays, npy.NamedArray{Name: "f_groups", Shape: []int{len(names), k.F.M, k.F.C, k.F.N, k.F.C}, Data: groups},
		npy.NamedArray{Name: "groups", Shape: []int{len(names)}, Data: names})
	if k.FTest != nil {
		arrays = append(arrays, named("p_test", k.PTest), named("f_test", k.FTest), named("theta_test", k.ThetaTest))
	}
	for name, m := range k.matrices() {
		if *m != nil {
			rows, columns := (*m).Dims()
			arrays = append(arrays, npy.NamedArray{Name: name, Shape: []int{rows, columns}, Data: mat.DenseCopyOf(*m).RawMatrix().Data})
		}
	}
	for name, list := range k.lists() {
		if *list != nil {
			wide := make([]int64, len(*list))
			for i, v := range *list {
				wide[i] = int64(v)
			}
			arrays = append(arrays, npy.NamedArray{Name: name, Shape: []int{len(wide)}, Data: wide})
		}
	}
	slices.SortFunc(arrays, func(a, b npy.NamedArray) int { return cmp.Compare(a.Name, b.Name) })
	return npy.WriteNpz(path, arrays)
}

// ReadNTK reads what [NTK.Write] wrote.
func ReadNTK(path string) (*NTK, error) {
	arrays, err := npy.ReadNpz(path)
	if err != nil {
		return nil, err
	}
	k, err := FromArrays(arrays)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// FromArrays is [ReadNTK] of a file's arrays.
func FromArrays(arrays map[string]*npy.Array) (k *NTK, err error) {
	k = &NTK{}
	for name, to := range map[string]**Kernel{"p": &k.P, "f": &k.F, "theta": &k.Theta, "p_test": &k.PTest, "f_test": &k.FTest, "theta_test": &k.ThetaTest} {
		if arrays[name] == nil && to != &k.P && to != &k.F && to != &k.Theta {
			continue
		}
		if *to, err = kernelOf(arrays, name); err != nil {
			return nil, err
		}
	}
	if err := k.readGroups(arrays); err != nil {
		return nil, err
	}
	for name, to := range k.matrices() {
		if a := arrays[name]; a != nil {
			if len(a.Shape) != 2 || a.Float64 == nil {
				return nil, fmt.Errorf("array %q has shape %v: expected a float64 matrix", name, a.Shape)
			}
			*to = mat.NewDense(a.Shape[0], a.Shape[1], a.Float64)
		}
	}
	for name, to := range k.lists() {
		if a := arrays[name]; a != nil {
			for _, v := range a.Int64 {
				*to = append(*to, int(v))
			}
		}
	}
	return k, nil
}

func (k *NTK) readGroups(arrays map[string]*npy.Array) error {
	names, all, f := arrays["groups"], arrays["f_groups"], k.F
	size := len(f.Data)
	if names == nil || all == nil || len(all.Float64) != size*len(names.Strings) {
		return fmt.Errorf("arrays \"groups\" and \"f_groups\" are missing or do not fit: expected names [G] and float64 [G, %d, %d, %d, %d]", f.M, f.C, f.N, f.C)
	}
	for g, name := range names.Strings {
		k.Groups = append(k.Groups, Group{Name: name, Train: &Kernel{M: f.M, C: f.C, N: f.N, Data: all.Float64[g*size : (g+1)*size]}})
	}
	return nil
}

// matrices are the file's names of features and logits.
func (k *NTK) matrices() map[string]**mat.Dense {
	return map[string]**mat.Dense{"phi": &k.Phi, "phi_test": &k.PhiTest, "logits": &k.Logits, "logits_test": &k.LogitsTest}
}

// lists are the file's names of row numbers and labels.
func (k *NTK) lists() map[string]*[]int {
	return map[string]*[]int{"indices": &k.Indices, "labels": &k.Labels, "indices_test": &k.IndicesTest, "labels_test": &k.LabelsTest}
}

func named(name string, k *Kernel) npy.NamedArray {
	return npy.NamedArray{Name: name, Shape: []int{k.M, k.C, k.N, k.C}, Data: k.Data}
}

// kernelOf is the named array as a kernel.
func kernelOf(arrays map[string]*npy.Array, name string) (*Kernel, error) {
	a := arrays[name]
	if a == nil {
		return nil, fmt.Errorf("array %q is missing: there are %q", name, slices.Sorted(maps.Keys(arrays)))
	}
	shape := a.Shape
	if len(shape) == 2 {
		shape = []int{shape[0], 1, shape[1], 1}
	}
	if len(shape) != 4 || shape[1] != shape[3] || (a.Float64 == nil && a.Float32 == nil) {
		return nil, fmt.Errorf("array %q has shape %v: expected floats [M, C, N, C] or [M, N]", name, a.Shape)
	}
	k := &Kernel{M: shape[0], C: shape[1], N: shape[2], Data: a.Float64}
	if k.Data == nil {
		for _, v := range a.Float32 {
			k.Data = append(k.Data, float64(v))
		}
	}
	return k, k.CheckEntries()
}
