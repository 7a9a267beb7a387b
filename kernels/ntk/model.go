package ntk

import (
	"fmt"
	"math"
	"slices"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Model is an encoder φ at the start of the FT stage. With LoRA factors the trainable
// parameters are the factors (docs/protocol.md, LoRA), without them all of the encoder's.
type Model struct {
	Weights *encoder.Weights
	LoRA    *encoder.LoRAWeights // nil: FT and LP-FT
}

// FeatureHead is V = I, b = 0: the "logits" are the h features, and F of it is Θ^φ.
func FeatureHead(h int) *head.Head {
	identity := head.New(h, h)
	for k := range h {
		identity.V.Set(k, k, 1)
	}
	return identity
}

// check refuses parameters that are not finite: a kernel of them would be NaN after hours.
func (m *Model) check() error {
	for _, spec := range m.Weights.Config.Specs() {
		if err := finite(spec.Name, m.Weights.Tensors[spec.Name]); err != nil {
			return err
		}
	}
	if m.LoRA == nil {
		return nil
	}
	for _, name := range m.LoRA.Layers {
		if err := finite(name+".lora_A.weight", m.LoRA.A[name]); err != nil {
			return err
		}
		if err := finite(name+".lora_B.weight", m.LoRA.B[name]); err != nil {
			return err
		}
	}
	return nil
}

func finite(name string, data []float32) error {
	if i := slices.IndexFunc(data, func(v float32) bool { return notFinite(float64(v)) }); i >= 0 {
		return fmt.Errorf("ntk: tensor %q: number %d is %v: expected finite numbers; the checkpoint is broken or training diverged", name, i, data[i])
	}
	return nil
}

func notFinite(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }
