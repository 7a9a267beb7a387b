// Package head is the linear classifier f(x) = Vφ(x) + b on an encoder's features, the one form
// in which linear probing, training and kernels hand it on.
package head

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Head is V and b. Numbers are float64; training keeps float32 copies on the device.
type Head struct {
	V *mat.Dense // [C, h]
	B []float64  // [C]
}

// New is a head of zeros for so many classes and features.
func New(classes, hidden int) *Head {
	return &Head{V: mat.NewDense(classes, hidden, nil), B: make([]float64, classes)}
}

// Random is the random head of FT and LoRA: V ~ N(0, std²), b = 0, in float32 as it is trained (docs/protocol.md, Model). The
// generator is the seed's first stream; package finetune has the others, for order and dropout.
func Random(classes, hidden int, std float64, seed uint64) *Head {
	rng := rand.New(rand.NewPCG(seed, 1<<48))
	h := New(classes, hidden)
	for i, v := 0, h.Weight(); i < len(v); i++ {
		v[i] = float64(float32(rng.NormFloat64() * std))
	}
	return h
}

// FromFloat32 widens weights [C, h], row by row, and biases [C].
func FromFloat32(weight, bias []float32) *Head {
	h := New(len(bias), len(weight)/len(bias))
	widen(h.V.RawMatrix().Data, weight)
	widen(h.B, bias)
	return h
}

func widen(out []float64, in []float32) {
	for i, v := range in {
		out[i] = float64(v)
	}
}

// Classes is C.
func (h *Head) Classes() int { return len(h.B) }

// Hidden is h, the number of features.
func (h *Head) Hidden() int { return h.V.RawMatrix().Cols }

// Weight is V row by row [C·h]; it shares V's numbers.
func (h *Head) Weight() []float64 { return h.V.RawMatrix().Data }

// Float32 are V, row by row, and b rounded, as a device takes them.
func (h *Head) Float32() (weight, bias []float32) { return narrow(h.Weight()), narrow(h.B) }

func narrow(in []float64) []float32 {
	out := make([]float32, len(in))
	for i, v := range in {
		out[i] = float32(v)
	}
	return out
}

// Clone copies the head.
func (h *Head) Clone() *Head {
	return &Head{V: mat.DenseCopyOf(h.V), B: append([]float64(nil), h.B...)}
}

// Logits are f(x) = Vφ + b [N, C] of features [N, h]; it panics, as gonum does, where these have another width.
func (h *Head) Logits(phi mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Mul(phi, h.V.T())
	n, _ := out.Dims()
	for i := range n {
		floats.Add(out.RawRowView(i), h.B)
	}
	return &out
}

// Norm is Norm(C) = ‖V‖_F; the bias does not count.
func (h *Head) Norm() float64 { return norm(h.Weight()) }

// BiasNorm is ‖b‖.
func (h *Head) BiasNorm() float64 { return norm(h.B) }

// norm adds squares in order: the same bits everywhere.
func norm(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}

// ScaleBy multiplies V by factor, reading B of norm scaling; the bias is left alone.
func (h *Head) ScaleBy(factor float64) *Head {
	out := h.Clone()
	out.V.Scale(factor, out.V)
	return out
}

// ScaleTo sets ‖V‖_F to norm, reading A of norm scaling.
func (h *Head) ScaleTo(norm float64) (*Head, error) {
	now := h.Norm()
	if now == 0 {
		return nil, fmt.Errorf("the head's norm is 0: it cannot be scaled to %g", norm)
	}
	return h.ScaleBy(norm / now), nil
}

// Halved is the head of linear probing as the paper's published code keeps it: with two classes V
// and b are divided by 2, with more they stay (docs/protocol.md, Linear probing).
func (h *Head) Halved() *Head {
	if h.Classes() != 2 {
		return h
	}
	out := h.ScaleBy(0.5)
	floats.Scale(0.5, out.B)
	return out
}

// Check refuses shapes that do not fit together or features of another width.
func (h *Head) Check(hidden int) error {
	if rows, cols := h.V.Dims(); rows != len(h.B) || rows < 2 || cols != hidden {
		return fmt.Errorf("head with weight [%d, %d] and bias [%d]: the model's features have %d numbers, so expected weight [C, %d] and bias [C] of at least 2 classes",
			rows, cols, len(h.B), hidden, hidden)
	}
	return nil
}

// Finite refuses numbers that are not.
func (h *Head) Finite() error {
	for _, part := range []struct {
		name string
		data []float64
	}{{"weight", h.Weight()}, {"bias", h.B}} {
		for i, v := range part.data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("head: %s number %d is %v: expected finite numbers", part.name, i, v)
			}
		}
	}
	return nil
}

// stored is a head as JSON.
type stored struct {
	Classes int       `json:"classes"` // C
	Hidden  int       `json:"hidden"`  // h
	Weight  []float64 `json:"weight"`  // V [C, h], row by row
	Bias    []float64 `json:"bias"`    // b [C]
}

// MarshalJSON writes {"classes", "hidden", "weight", "bias"}.
func (h *Head) MarshalJSON() ([]byte, error) {
	return json.Marshal(stored{h.Classes(), h.Hidden(), h.Weight(), h.B})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (h *Head) UnmarshalJSON(data []byte) error {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if s.Classes < 1 || s.Hidden < 1 || len(s.Weight) != s.Classes*s.Hidden || len(s.Bias) != s.Classes {
		return fmt.Errorf("head of %d classes and %d features with %d weights and %d biases: expected their product and a bias a class", s.Classes, s.Hidden, len(s.Weight), len(s.Bias))
	}
	h.V, h.B = mat.NewDense(s.Classes, s.Hidden, s.Weight), s.Bias
	return nil
}
