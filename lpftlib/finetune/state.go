package finetune

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/encoder"
)

// state is everything the optimiser owns, on the device: parameters in the order encoder,
// LoRA factors, V, b, and Adam's moments of the trained ones.
type state struct {
	specs   []encoder.TensorSpec
	trained []bool
	params  []*tensors.Tensor // all parameters
	m, v    []*tensors.Tensor // of the trained ones
	step    int               // optimiser steps taken
}

// names of the head among the parameters.
const (
	headWeight = "head.weight"
	headBias   = "head.bias"
)

// newState places the model on the device. With LoRA only the factors and the head are trained.
func newState(v *vocabulary, w *encoder.Weights, lora *encoder.LoRAWeights, head *Head) *state {
	s := &state{}
	add := func(spec encoder.TensorSpec, data []float32, trained bool) {
		s.specs = append(s.specs, spec)
		s.trained = append(s.trained, trained)
		s.params = append(s.params, tensors.FromFlatDataAndDimensions(data, spec.Shape...))
		if trained {
			zeros := make([]float32, len(data))
			s.m = append(s.m, tensors.FromFlatDataAndDimensions(zeros, spec.Shape...))
			s.v = append(s.v, tensors.FromFlatDataAndDimensions(zeros, spec.Shape...))
		}
	}
	for _, spec := range v.cfg.Specs() {
		data := w.Tensors[spec.Name]
		if spec.Name == encoder.WordEmbeddings {
			data = v.pick(data)
		}
		add(spec, data, lora == nil)
	}
	for i, spec := range lora.Specs() {
		layer := lora.Layers[i/2]
		data := lora.A[layer]
		if i%2 == 1 {
			data = lora.B[layer]
		}
		add(spec, data, true)
	}
	add(encoder.TensorSpec{Name: headWeight, Shape: []int{head.Classes, head.Hidden}}, head.Weight, true)
	add(encoder.TensorSpec{Name: headBias, Shape: []int{head.Classes}}, head.Bias, true)
	return s
}

// host copies a parameter from the device.
func host(t *tensors.Tensor) ([]float32, error) { return tensors.CopyFlatData[float32](t) }

// head reads V and b.
func (s *state) head() (*Head, error) {
	n := len(s.params)
	weight, err := host(s.params[n-2])
	if err != nil {
		return nil, err
	}
	bias, err := host(s.params[n-1])
	if err != nil {
		return nil, err
	}
	shape := s.specs[n-2].Shape
	return &Head{Classes: shape[0], Hidden: shape[1], Weight: weight, Bias: bias}, nil
}

// encoderParams are the leading parameters: the encoder's, in the order of its specs.
func (s *state) encoderParams(cfg *encoder.Config) []*tensors.Tensor {
	return s.params[:len(cfg.Specs())]
}

// readLoRA reads the factors into lora.
func (s *state) readLoRA(cfg *encoder.Config, lora *encoder.LoRAWeights) error {
	from := len(cfg.Specs())
	values := make([][]float32, len(lora.Specs()))
	for i := range values {
		value, err := host(s.params[from+i])
		if err != nil {
			return err
		}
		values[i] = value
	}
	lora.Set(values)
	return nil
}

// weights reads the encoder back into a whole model.
func (s *state) weights(v *vocabulary, base *encoder.Weights) (*encoder.Weights, error) {
	out := &encoder.Weights{Config: base.Config, Tensors: map[string][]float32{}, Notes: base.Notes}
	for i, spec := range v.cfg.Specs() {
		data, err := host(s.params[i])
		if err != nil {
			return nil, err
		}
		if spec.Name == encoder.WordEmbeddings {
			data = v.place(base.Tensors[spec.Name], data)
		}
		out.Tensors[spec.Name] = data
	}
	return out, nil
}

// apply takes one optimiser step with the batch's gradients and returns their norm before
// clipping. Old parameters, moments and gradients are given to the engine to be reused.
func (s *state) apply(e *engine, grads []*tensors.Tensor, rate float64) (float64, error) {
	t := float64(s.step + 1)
	args := []any{float32(rate), float32(1 - math.Pow(beta1, t)), float32(math.Sqrt(1 - math.Pow(beta2, t)))}
	var trained []*tensors.Tensor
	for i, p := range s.params {
		if s.trained[i] {
			trained = append(trained, p)
		}
	}
	for _, list := range [][]*tensors.Tensor{trained, s.m, s.v, grads} {
		for _, t := range list {
			donated, err := graph.DonateTensorBuffer(t, e.be.Backend, 0)
			if err != nil {
				return 0, err
			}
			args = append(args, donated)
		}
	}
	out, err := run(e.update, args)
	if err != nil {
		return 0, err
	}
	n := len(trained)
	at := 1
	for i := range s.params {
		if s.trained[i] {
			s.params[i] = out[at]
			at++
		}
	}
	s.m, s.v = out[1+n:1+2*n], out[1+2*n:]
	s.step++
	return float64(tensors.ToScalar[float32](out[0])), nil
}
