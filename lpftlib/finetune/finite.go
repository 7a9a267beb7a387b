package finetune

import (
	"fmt"
	"math"
)

// checkFinite refuses numbers that are infinite or no numbers: they are never kept and never handed out.
func checkFinite(name string, data []float32) error {
	for i, v := range data {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("value %d of %s is %v: %w", i, name, v, errNotFinite)
		}
	}
	return nil
}

// check refuses a model with a number that is not finite.
func (r *Result) check() error {
	for name, data := range r.Weights.Tensors {
		if err := checkFinite(name, data); err != nil {
			return err
		}
	}
	if r.LoRA != nil {
		for layer := range r.LoRA.A {
			for _, data := range [][]float32{r.LoRA.A[layer], r.LoRA.B[layer]} {
				if err := checkFinite("LoRA factor of "+layer, data); err != nil {
					return err
				}
			}
		}
	}
	weight, bias := r.Head.Float32()
	if err := checkFinite(headWeight, weight); err != nil {
		return err
	}
	return checkFinite(headBias, bias)
}
