package ntk

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"lpft/lpftlib/encoder"
)

// Network is an encoder φ that describes itself: its parameters, the layers that hold them,
// and its forward pass. [Model] is one (BERT, RoBERTa); package networks has more; your own
// takes a description and a GoMLX graph (see the package's second example).
//
// The engine asks for nothing else. It takes the gradient at every layer's output, and with
// the layer's input it has each text's gradient of the layer's parameters.
type Network interface {
	// Describe says what the network consists of. It is called once a kernel.
	Describe() *Description
	// Batch pads texts to t tokens: for each of Description.Inputs an array [B, t], and the mask.
	Batch(texts []encoder.Encoding, t int) (*Batch, error)
	// Forward builds φ [B, h] in evaluation mode and records every layer of the description.
	// Rows must not influence each other, and padding must not influence φ.
	Forward(p *Pass) *graph.Node
}

// Description is what a network says of itself.
type Description struct {
	// Key names all that Forward's graph depends on beside shapes: heads, epsilons, kinds of
	// activation. Networks with one key share compiled programs.
	Key        string
	Width      int      // h, the size of φ
	MaxTokens  int      // longest text
	Inputs     []string // the arrays of Batch.Index, such as "ids" and "positions"
	Parameters []Parameter
	Layers     []Layer // in the order of the forward pass; their groups are F's parameter groups

	// Blocks and Heads (of one block) tell how much attention weights hold. They only help to keep
	// within Options.Memory; 0 where there is no attention.
	Blocks, Heads int
}

// Parameter is a tensor on the host.
type Parameter struct {
	Name  string
	Shape []int
	Data  []float32
}

// LayerKind says how a layer's parameters meet its input.
type LayerKind int

const (
	// Dense is y = s·(xWᵀ + b) with W [Out, In], or [In, Out] where Transposed; s is Scale.
	Dense LayerKind = iota
	// Norm is y = w ⊙ x + b, number by number: LayerNorm's gain and offset on the normalised
	// input, or a bias alone.
	Norm
	// Table is y = E[index], rows of an embedding table, plus anything that other tables or
	// functions without parameters add.
	Table
)

// String is the kind's name.
func (k LayerKind) String() string { return [...]string{"dense", "norm", "table"}[k] }

// Layer is a part of a network that has parameters of its own.
type Layer struct {
	Name   string
	Kind   LayerKind
	Group  string // parameter group of F, such as "attention.0"
	Weight string // a parameter's name; "" where a Norm has only a bias
	Bias   string // "": none
	In     int    // of a Dense layer's input
	Out    int

	Scale      float64 // of a Dense layer without a bias; 0 is 1
	Transposed bool    // W lies as [In, Out]
	Frozen     bool    // not trained: its group is computed only when Options.Groups names it
	// OneToken says that the output has one position a text, [B, Out], because φ reads no other.
	OneToken bool
	// Index is the input that a Table is read at. Rows of it at padding have no gradient.
	Index string
	// NoGradient is the row of a Table that Hugging Face calls padding_idx: it never moves. −1 is none.
	NoGradient int
}

// Batch is a padded batch on the host.
type Batch struct {
	Index map[string][]int32 // [B, T] for each of Description.Inputs
	Mask  []float32          // [B, T]: 1 for a token, 0 for padding
}

// Pass is one forward pass under construction: what [Network.Forward] reads from and records in.
type Pass struct {
	B, T   int
	Mask   *graph.Node // [B, T] in the parameters' dtype: 1 for a token, 0 for padding
	params map[string]*graph.Node
	index  map[string]*graph.Node
	taps   map[string]tap
}

// tap is a layer's input and output in the graph.
type tap struct{ input, output *graph.Node }

// Parameter is a parameter's node. A name that the description does not have ends the graph
// with an error.
func (p *Pass) Parameter(name string) *graph.Node {
	node := p.params[name]
	if node == nil {
		panic(fmt.Sprintf("parameter %q is not in the network's description", name))
	}
	return node
}

// Index is an input's node, [B, T] int32.
func (p *Pass) Index(name string) *graph.Node {
	node := p.index[name]
	if node == nil {
		panic(fmt.Sprintf("input %q is not among the network's Inputs", name))
	}
	return node
}

// FirstTokens are the rows of x [B·T, h] or [B, T, h] at the first tokens: [B, h]. Unlike a Slice it can be differentiated twice,
// which products with the Jacobian take.
func (p *Pass) FirstTokens(x *graph.Node) *graph.Node { return encoder.FirstTokens(x, p.B, p.T) }

// Split cuts x [N, n·h] into n parts [N, h], as graph.Split does, but can be differentiated twice.
func (p *Pass) Split(x *graph.Node, n int) []*graph.Node {
	parts := make([]*graph.Node, n)
	x = graph.Reshape(x, x.Shape().Dimensions[0], n, -1)
	for i := range parts {
		one := graph.OneHot(graph.Const(x.Graph(), int32(i)), n, x.DType())
		parts[i] = graph.DotGeneral(x, []int{1}, nil, one, []int{0}, nil)
	}
	return parts
}

// Record tells the engine a layer's input and output:
//
//	dense: x [B·T, In] and y [B·T, Out] before any activation; [B, …] where the layer is OneToken
//	norm:  the normalised x̂ and y, both [B·T, Out]; input nil where there is only a bias
//	table: nil, and y [B·T, Out]; tables that are summed have the sum
//
// [B, T, …] for [B·T, …] is the same.
func (p *Pass) Record(layer string, input, output *graph.Node) {
	if _, twice := p.taps[layer]; twice {
		panic(fmt.Sprintf("layer %q is recorded twice: parameters that are used twice are not supported", layer))
	}
	p.taps[layer] = tap{input, output}
}
