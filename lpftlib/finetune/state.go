package finetune

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
	"lpft/lpftlib/stage"
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
func newState(v *vocabulary, start Start) *state {
	s, w, lora, h := &state{}, start.Weights, start.LoRA, start.Head
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
		add(spec, data, lora == nil && !slices.Contains(start.Frozen, spec.Name))
	}
	for i, spec := range lora.Specs() {
		layer := lora.Layers[i/2]
		data := lora.A[layer]
		if i%2 == 1 {
			data = lora.B[layer]
		}
		add(spec, data, true)
	}
	weight, bias := h.Float32()
	add(encoder.TensorSpec{Name: headWeight, Shape: []int{h.Classes(), h.Hidden()}}, weight, true)
	add(encoder.TensorSpec{Name: headBias, Shape: []int{h.Classes()}}, bias, true)
	return s
}

// host copies a parameter from the device.
func host(t *tensors.Tensor) ([]float32, error) { return tensors.CopyFlatData[float32](t) }

// head reads V and b.
func (s *state) head() (*head.Head, error) {
	n := len(s.params)
	weight, err := host(s.params[n-2])
	if err != nil {
		return nil, err
	}
	bias, err := host(s.params[n-1])
	if err != nil {
		return nil, err
	}
	return head.FromFloat32(weight, bias), nil
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

// errNotFinite is the reason of a step that was not taken.
var errNotFinite = errors.New("not a finite number")

// apply takes one optimiser step with the batch's gradients and returns their norm before
// clipping. Old parameters, moments and gradients are given to the engine to be reused. A norm
// that is not finite is an error and leaves the state as it was: such a step would spoil every
// parameter, and the checkpoint after it, before a loss shows it.
func (s *state) apply(e *engine, grads []*tensors.Tensor, rate float64) (float64, error) {
	parts := s.parts(e.be.Lanes())
	norm, err := s.gradNorm(e, grads, parts)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return norm, fmt.Errorf("the gradient's norm is %v: %w", norm, errNotFinite)
	}
	scale := 1.0
	if e.clip > 0 { // as torch.nn.utils.clip_grad_norm_
		scale = min(1, e.clip/(norm+1e-6))
	}
	t := float64(s.step + 1)
	c1, c2 := 1-math.Pow(beta1, t), math.Sqrt(1-math.Pow(beta2, t))
	scalars := []any{float32(scale), float32(rate * c2 / c1), float32(epsilon * c2)}
	if e.kind == stage.SGD {
		scalars[argRate] = float32(rate)
	}
	err = eachPart(parts, func(_ int, part []int) error { return s.updatePart(e, grads, part, scalars) })
	s.step++
	return norm, err
}

// parts cuts the trained parameters, by their number among the trained, into at most n parts
// of similar size, which are updated at the same time.
func (s *state) parts(n int) [][]int {
	sizes := make([]int, n)
	out := make([][]int, n)
	at := 0
	for i, spec := range s.specs {
		if !s.trained[i] {
			continue
		}
		lightest := 0
		for k, size := range sizes {
			if size < sizes[lightest] {
				lightest = k
			}
		}
		elements := 1
		for _, d := range spec.Shape {
			elements *= d
		}
		sizes[lightest] += elements
		out[lightest] = append(out[lightest], at)
		at++
	}
	return slices.DeleteFunc(out, func(part []int) bool { return len(part) == 0 })
}

// eachPart runs f on every part, as many at once as there are cores.
func eachPart(parts [][]int, f func(k int, part []int) error) error {
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for k, part := range parts {
		work.Go(func() error { return f(k, part) })
	}
	return work.Wait()
}

// gradNorm is the global norm of the gradients; the parts' squares are added in order.
func (s *state) gradNorm(e *engine, grads []*tensors.Tensor, parts [][]int) (float64, error) {
	squares := make([]float64, len(parts))
	err := eachPart(parts, func(k int, part []int) error {
		var args []any
		for _, i := range part {
			args = append(args, grads[i])
		}
		out, err := e.run(e.norm, args)
		if err != nil {
			return err
		}
		squares[k] = tensors.ToScalar[float64](out[0])
		return nil
	})
	total := 0.0
	for _, v := range squares {
		total += v
	}
	return math.Sqrt(total), err
}

// updatePart updates some of the trained parameters.
func (s *state) updatePart(e *engine, grads []*tensors.Tensor, part []int, scalars []any) error {
	where := s.trainedIndices()
	pick := func(list []*tensors.Tensor, index func(int) int) []*tensors.Tensor {
		out := make([]*tensors.Tensor, len(part))
		for k, i := range part {
			out[k] = list[index(i)]
		}
		return out
	}
	same := func(i int) int { return i }
	donated, err := donate(e.be, pick(s.params, func(i int) int { return where[i] }), pick(s.m, same), pick(s.v, same), pick(grads, same))
	if err != nil {
		return err
	}
	out, err := e.run(e.update, append(slices.Clone(scalars), donated...))
	if err != nil {
		return err
	}
	n := len(part)
	for k, i := range part {
		s.params[where[i]], s.m[i], s.v[i] = out[k], out[n+k], out[2*n+k]
	}
	return nil
}

// trainedIndices maps a parameter's number among the trained to its number among all.
func (s *state) trainedIndices() []int {
	var out []int
	for i, trained := range s.trained {
		if trained {
			out = append(out, i)
		}
	}
	return out
}
