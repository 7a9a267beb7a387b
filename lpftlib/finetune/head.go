package finetune

import (
	"fmt"
	"math"
)

// Head is the linear classifier f(x) = Vφ(x) + b.
type Head struct {
	Classes int       `json:"classes"` // C
	Hidden  int       `json:"hidden"`  // h
	Weight  []float32 `json:"weight"`  // V [C, h]
	Bias    []float32 `json:"bias"`    // b [C]
}

// NewHead draws the random head of FT and LoRA: V ~ N(0, std²), b = 0 (protocol section 2).
func NewHead(classes, hidden int, std float64, seed uint64) *Head {
	rng := generator(seed, streamHead, 0)
	h := &Head{Classes: classes, Hidden: hidden, Weight: make([]float32, classes*hidden), Bias: make([]float32, classes)}
	for i := range h.Weight {
		h.Weight[i] = float32(rng.NormFloat64() * std)
	}
	return h
}

// Norm is Norm(C) = ‖V‖_F; the bias does not count.
func (h *Head) Norm() float64 { return norm(h.Weight) }

// BiasNorm is ‖b‖.
func (h *Head) BiasNorm() float64 { return norm(h.Bias) }

func norm(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// Clone copies the head.
func (h *Head) Clone() *Head {
	c := *h
	c.Weight, c.Bias = append([]float32(nil), h.Weight...), append([]float32(nil), h.Bias...)
	return &c
}

// Logits are f(x) [N, C] for features [N, h], summed in float64.
func (h *Head) Logits(features []float32) ([]float64, error) {
	if len(features)%h.Hidden != 0 {
		return nil, fmt.Errorf("%d feature values are no rows of %d", len(features), h.Hidden)
	}
	n := len(features) / h.Hidden
	out := make([]float64, n*h.Classes)
	for i := range n {
		phi := features[i*h.Hidden : (i+1)*h.Hidden]
		for c := range h.Classes {
			sum := float64(h.Bias[c])
			row := h.Weight[c*h.Hidden : (c+1)*h.Hidden]
			for j, v := range phi {
				sum += float64(row[j]) * float64(v)
			}
			out[i*h.Classes+c] = sum
		}
	}
	return out, nil
}

// ScaleTo sets ‖V‖_F to norm, reading A of norm scaling (protocol section 12).
func (h *Head) ScaleTo(norm float64) (*Head, error) {
	now := h.Norm()
	if now == 0 {
		return nil, fmt.Errorf("the head's norm is 0: it cannot be scaled to %g", norm)
	}
	return h.ScaleBy(norm / now), nil
}

// ScaleBy multiplies V by factor, reading B of norm scaling; the bias is left alone.
func (h *Head) ScaleBy(factor float64) *Head {
	c := h.Clone()
	for i, v := range c.Weight {
		c.Weight[i] = float32(float64(v) * factor)
	}
	return c
}

// Distance is ‖V − V'‖_F between two heads of one shape.
func (h *Head) Distance(other *Head) float64 {
	sum := 0.0
	for i, v := range h.Weight {
		d := float64(v) - float64(other.Weight[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}
