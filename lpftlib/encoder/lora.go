package encoder

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// LoRAWeights are low-rank factors on the host (docs/protocol.md, LoRA). The nil pointer means
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
	if err := cfg.CheckRank(layers, rank); err != nil {
		return nil, err
	}
	dims := cfg.denseShapes()
	l := &LoRAWeights{Rank: rank, Alpha: alpha, Layers: layers, A: map[string][]float32{}, B: map[string][]float32{}, shapes: map[string][2]int{}}
	rng := rand.New(rand.NewPCG(seed, 0x6c6f7261))
	for _, name := range layers {
		d := dims[name]
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

// CheckRank refuses layers that the model has not and a rank that a layer's weight cannot have: factors of a higher rank
// say nothing that those of its width do not, and cost without bound.
func (c *Config) CheckRank(layers []string, rank int) error {
	if rank <= 0 {
		return fmt.Errorf("LoRA rank %d: expected a positive number", rank)
	}
	dims := c.denseShapes()
	for _, name := range layers {
		d, ok := dims[name]
		if !ok {
			return fmt.Errorf("LoRA on %q: the model has no such dense layer", name)
		}
		if width := min(d[0], d[1]); rank > width {
			return fmt.Errorf("LoRA rank %d on %q: the layer's width is %d, so give a rank from 1 to %d", rank, name, width, width)
		}
	}
	return nil
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

// Structure is what graphs depend on: the factors without their numbers.
func (l *LoRAWeights) Structure() *LoRAWeights {
	if l == nil {
		return nil
	}
	return &LoRAWeights{Rank: l.Rank, Alpha: l.Alpha, Layers: l.Layers, shapes: l.shapes}
}

// Key names the structure; "" for none.
func (l *LoRAWeights) Key() string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf(" LoRA %d %g %v", l.Rank, l.Alpha, l.Layers)
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

// Data are the factors' numbers in the order of Specs.
func (l *LoRAWeights) Data() [][]float32 {
	if l == nil {
		return nil
	}
	var out [][]float32
	for _, name := range l.Layers {
		out = append(out, l.A[name], l.B[name])
	}
	return out
}

// Args are the factors as graph arguments.
func (l *LoRAWeights) Args() []any {
	var out []any
	for i, spec := range l.Specs() {
		out = append(out, tensors.FromFlatDataAndDimensions(l.Data()[i], spec.Shape...))
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
