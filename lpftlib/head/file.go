package head

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/store"
)

// Write writes the head as .npz, weight [C, h] and bias [C] in float64, with other arrays after them.
func (h *Head) Write(path string, more ...store.NamedArray) error {
	return store.WriteNpz(path, append([]store.NamedArray{
		{Name: "weight", Shape: []int{h.Classes(), h.Hidden()}, Data: h.Weight()},
		{Name: "bias", Shape: []int{h.Classes()}, Data: h.B},
	}, more...))
}

// Read reads a head from an .npz file with weight [C, h] and bias [C], float32 or float64, as it
// is: nothing is scaled or halved.
func Read(path string) (*Head, error) {
	arrays, err := store.ReadNpz(path)
	if err != nil {
		return nil, err
	}
	weight, shape, err := numbers(path, arrays, "weight", 2)
	if err != nil {
		return nil, err
	}
	bias, biasShape, err := numbers(path, arrays, "bias", 1)
	if err != nil {
		return nil, err
	}
	if biasShape[0] != shape[0] || shape[0] < 2 || shape[1] < 1 {
		return nil, fmt.Errorf("%s: weight has shape %v and bias %v: expected [C, h] and [C] of at least 2 classes", path, shape, biasShape)
	}
	return &Head{V: mat.NewDense(shape[0], shape[1], weight), B: bias}, nil
}

func numbers(path string, arrays map[string]*store.Array, name string, rank int) ([]float64, []int, error) {
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
	wide := make([]float64, len(a.Float32))
	widen(wide, a.Float32)
	return wide, a.Shape, nil
}
