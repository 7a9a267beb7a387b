package ntk

import (
	"fmt"

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
