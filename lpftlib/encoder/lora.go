package encoder

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// LoRAWeights are low-rank factors on the host (protocol section 7). The nil pointer means
// "no LoRA" and is valid for every method.
type LoRAWeights struct {
	Rank   int                  // r
	Alpha  float64              // α; the factors' product is scaled by s = α/r
	Layers []string             // dense layers that carry factors, in order
	A      map[string][]float32 // [r, in]
	B      map[string][]float32 // [out, r]

	// Replaced are tensors of the encoder that an adapter brings whole (PEFT's
	// modules_to_save), under the names of [Config.Specs]; nil for none.
	Replaced map[string][]float32

	shapes map[string][2]int // layer → out, in
}

// QueryValue names W_q and W_v of every block, the layers the paper adapts.
func (c *Config) QueryValue() []string {
	var out []string
	for i := range c.Layers {
		out = append(out, Layer(i, "attention.self.query"), Layer(i, "attention.self.value"))
	}
	return out
}

// NewLoRA initialises factors on the named dense layers: B = 0 and A uniform in
// ±1/√in (Kaiming with slope √5, as the paper's code), so that nothing changes at the start.
func NewLoRA(cfg *Config, layers []string, rank int, alpha float64, seed uint64) (*LoRAWeights, error) {
	if rank <= 0 {
		return nil, fmt.Errorf("LoRA rank %d: expected a positive number", rank)
	}
	dims := cfg.denseShapes()
	l := &LoRAWeights{Rank: rank, Alpha: alpha, Layers: layers, A: map[string][]float32{}, B: map[string][]float32{}, shapes: map[string][2]int{}}
	rng := rand.New(rand.NewPCG(seed, 0x6c6f7261))
	for _, name := range layers {
		d, ok := dims[name]
		if !ok {
			return nil, fmt.Errorf("LoRA on %q: the model has no such dense layer", name)
		}
		if l.A[name] != nil {
			return nil, fmt.Errorf("LoRA on %q: the layer is named twice", name)
		}
		l.shapes[name] = d
		a := make([]float32, rank*d[1])
		bound := 1 / math.Sqrt(float64(d[1]))
		for i := range a {
			a[i] = float32((2*rng.Float64() - 1) * bound)
		}
		l.A[name], l.B[name] = a, make([]float32, d[0]*rank)
	}
	return l, nil
}

// denseShapes maps every dense layer's name to out, in.
func (c *Config) denseShapes() map[string][2]int {
	shapes := map[string][2]int{}
	for _, spec := range c.Specs() {
		if name, ok := strings.CutSuffix(spec.Name, ".weight"); ok && len(spec.Shape) == 2 && strings.HasPrefix(name, "encoder.") {
			shapes[name] = [2]int{spec.Shape[0], spec.Shape[1]}
		}
	}
	return shapes
}

// Specs lists the factors in the order of [LoRAWeights.Args]: A then B of every layer.
func (l *LoRAWeights) Specs() []TensorSpec {
	if l == nil {
		return nil
	}
	var out []TensorSpec
	for _, name := range l.Layers {
		d := l.shapes[name]
		out = append(out, TensorSpec{name + ".lora_A.weight", []int{l.Rank, d[1]}}, TensorSpec{name + ".lora_B.weight", []int{d[0], l.Rank}})
	}
	return out
}

// data is the factor that a spec of Specs names.
func (l *LoRAWeights) data(i int) []float32 {
	name := l.Layers[i/2]
	if i%2 == 0 {
		return l.A[name]
	}
	return l.B[name]
}

// Args are the factors as graph arguments.
func (l *LoRAWeights) Args() []any {
	var out []any
	for i, spec := range l.Specs() {
		out = append(out, tensors.FromFlatDataAndDimensions(l.data(i), spec.Shape...))
	}
	return out
}

// Bind makes graph nodes, in the order of Args, a [LoRA] for [Config.Forward].
func (l *LoRAWeights) Bind(nodes []*graph.Node) *LoRA {
	if l == nil {
		return nil
	}
	out := &LoRA{Scale: l.Alpha / float64(l.Rank), Layers: l.Layers, A: map[string]*graph.Node{}, B: map[string]*graph.Node{}}
	for i, name := range l.Layers {
		out.A[name], out.B[name] = nodes[2*i], nodes[2*i+1]
	}
	return out
}

// Set replaces the factors by values in the order of Specs.
func (l *LoRAWeights) Set(values [][]float32) {
	for i, name := range l.Layers {
		l.A[name], l.B[name] = values[2*i], values[2*i+1]
	}
}

// Merge returns a copy of w with every factor pair added into its dense weight, W + s·BA,
// and Replaced in place. Evaluating the merged model without LoRA gives the same features.
func (l *LoRAWeights) Merge(w *Weights) *Weights {
	out := l.mergeScaled(w, 1)
	maps.Copy(out.Tensors, l.Replaced)
	return out
}

// Unmerge is the inverse of Merge but for Replaced, up to float32 rounding.
func (l *LoRAWeights) Unmerge(w *Weights) *Weights { return l.mergeScaled(w, -1) }

func (l *LoRAWeights) mergeScaled(w *Weights, sign float64) *Weights {
	out := w.Clone()
	s := sign * l.Alpha / float64(l.Rank)
	for _, name := range l.Layers {
		weight, a, b := out.Tensors[name+".weight"], l.A[name], l.B[name]
		rows, cols := l.shapes[name][0], l.shapes[name][1]
		for o := range rows {
			for i := range cols {
				sum := 0.0
				for k := range l.Rank {
					sum += float64(b[o*l.Rank+k]) * float64(a[k*cols+i])
				}
				weight[o*cols+i] = float32(float64(weight[o*cols+i]) + s*sum)
			}
		}
	}
	return out
}

// Save writes the factors into a safetensors file under the names of Specs.
func (l *LoRAWeights) Save(path string) error {
	var list []NamedTensor
	for i, spec := range l.Specs() {
		list = append(list, NamedTensor{Name: spec.Name, Shape: spec.Shape, Data: l.data(i)})
	}
	return WriteSafetensors(path, list)
}

// Load reads factors that Save wrote for the same layers and rank.
func (l *LoRAWeights) Load(path string) error {
	values, err := ReadSafetensors(path)
	if err != nil {
		return err
	}
	list := make([][]float32, len(l.Specs()))
	for i, spec := range l.Specs() {
		data := values[spec.Name]
		if len(data) != product(spec.Shape) {
			return fmt.Errorf("%s: tensor %q has %d numbers, expected shape %v", path, spec.Name, len(data), spec.Shape)
		}
		list[i] = data
	}
	l.Set(list)
	return nil
}
