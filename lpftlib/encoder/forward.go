package encoder

import (
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph" //nolint // graph code reads better without the prefix
)

// Params are the encoder's parameters as nodes of one graph, under the names of [Config.Specs].
type Params map[string]*Node

// Inputs are a batch of B texts padded to T tokens.
type Inputs struct {
	IDs       *Node // [B, T] int32 rows of the word embedding
	Positions *Node // [B, T] int32
	Types     *Node // [B, T] int32
	Mask      *Node // [B, T] in the parameters' dtype: 1 for a token, 0 for padding
}

// ForwardOptions switch on what a use of the forward pass needs beside the features.
type ForwardOptions struct {
	Dropout *Dropout // masks of training mode; nil: evaluation mode
	LoRA    *LoRA    // low-rank factors on dense layers; nil: none
	Taps    *[]Tap   // collects the input and output of every parameterised layer; nil: none
	// FirstOnly computes the last block at the first token alone, which is all that φ reads; of the
	// other tokens it needs keys and values. Its other taps then have B rows, and Hidden.Layers ends
	// before it.
	FirstOnly bool
	// Recompute keeps every block's input alone for the gradient, which then computes the block a second time
	// (gradient checkpointing): less memory for the same numbers.
	Recompute bool
}

// Tap is a parameterised layer's input and output inside the graph. The gradient at Output
// is all that a per-sample gradient of the layer's parameters needs beside Input.
type Tap struct {
	Name   string // "encoder.layer.0.attention.self.query", "embeddings", …
	Kind   TapKind
	Input  *Node // dense: [B·T, in]; LayerNorm: normalised input x̂ [B·T, h]; embeddings: nil
	Output *Node // dense: [B·T, out] before any non-linearity; LayerNorm, embeddings: [B·T, h]
}

// TapKind tells how a layer's parameters meet its input.
type TapKind int

// Dense: y = xWᵀ + b. Norm: y = gain ⊙ x̂ + offset. Embedding: y = E[id] + P[pos] + S[type].
// LoRADown: y = xAᵀ. LoRAUp: y = s·xBᵀ, with the scale inside.
const (
	Dense TapKind = iota
	Norm
	Embedding
	LoRADown
	LoRAUp
)

// Hidden is the output of the forward pass.
type Hidden struct {
	Layers []*Node // embeddings and every block: Layers+1 nodes [B, T, h]
	First  *Node   // φ [B, h]: last layer at the first token
}

// Forward builds the encoder's graph on a batch: the one definition that training,
// feature extraction and the NTK share.
func (c *Config) Forward(p Params, in Inputs, opt ForwardOptions) Hidden {
	f := forward{cfg: c, p: p, opt: opt, b: in.IDs.Shape().Dimensions[0], t: in.IDs.Shape().Dimensions[1]}
	x := f.embed(in)
	layers := []*Node{x}
	bias := f.maskBias(in.Mask)
	for i := range c.Layers {
		if opt.Recompute {
			x = x.Checkpoint()
		}
		x = f.block(i, x, bias)
		layers = append(layers, x)
	}
	if opt.Recompute {
		x = x.StopCheckpoint()
		layers[c.Layers] = x
	}
	out := Hidden{}
	if opt.FirstOnly {
		out.First, layers = x, layers[:c.Layers]
	}
	for _, l := range layers {
		out.Layers = append(out.Layers, Reshape(l, f.b, f.t, c.Hidden))
	}
	if !opt.FirstOnly {
		out.First = f.firstTokens(x)
	}
	return out
}

// firstTokens are the rows of x at the first tokens.
func (f *forward) firstTokens(x *Node) *Node { return FirstTokens(x, f.b, f.t) }

// FirstTokens are the rows of x [B·T, h] at the first tokens of B texts: [B, h]. They are taken by a product with a one and
// zeros, not by a Slice, whose gradient GoMLX cannot differentiate once more (package ntk does, for JΔθ).
func FirstTokens(x *Node, b, t int) *Node {
	first := OneHot(Const(x.Graph(), int32(0)), t, x.DType())
	return DotGeneral(Reshape(x, b, t, -1), []int{1}, nil, first, []int{0}, nil)
}

// firstOfLayers are the first tokens after 0, 1, … blocks, side by side: [B, (Layers+1)·h].
func firstOfLayers(hidden Hidden) *Node {
	var first []*Node
	for _, l := range hidden.Layers {
		first = append(first, Squeeze(Slice(l, AxisRange(), AxisElem(0), AxisRange()), 1))
	}
	return Concatenate(first, -1)
}

// forward is the state of one graph under construction. Activations are [B·T, features]
// except inside attention.
type forward struct {
	cfg  *Config
	p    Params
	opt  ForwardOptions
	b, t int
}

func (f *forward) tap(name string, kind TapKind, input, output *Node) {
	if f.opt.Taps != nil {
		*f.opt.Taps = append(*f.opt.Taps, Tap{name, kind, input, output})
	}
}

// embed sums word, position and token-type embeddings, then LayerNorm and dropout.
func (f *forward) embed(in Inputs) *Node {
	rows := f.b * f.t
	look := func(table string, ids *Node) *Node {
		return Gather(f.p[table], Reshape(ids, rows, 1))
	}
	x := Add(look(WordEmbeddings, in.IDs), look(PositionEmbeddings, in.Positions))
	x = Add(x, look(TypeEmbeddings, in.Types))
	f.tap("embeddings", Embedding, nil, x)
	return f.opt.Dropout.apply(f.norm(embeddingNorm, x), f.cfg.HiddenDropout)
}

// maskBias is the additive attention mask [B, 1, 1, T]: 0 for tokens, a large negative
// number for padding, whose weight is then exactly 0 in float32.
func (f *forward) maskBias(mask *Node) *Node {
	const large = 1e9
	return Reshape(MulScalar(OneMinus(mask), -large), f.b, 1, 1, f.t)
}

// block is one Transformer layer, post-LayerNorm.
func (f *forward) block(i int, x, bias *Node) *Node {
	hiddenDrop := f.cfg.HiddenDropout
	all := x
	if f.opt.FirstOnly && i == f.cfg.Layers-1 {
		x = f.firstTokens(x)
	}
	context := f.attention(i, x, all, bias)
	y := f.dense(Layer(i, "attention.output.dense"), context)
	x = f.norm(Layer(i, "attention.output.LayerNorm"), Add(f.opt.Dropout.apply(y, hiddenDrop), x))
	y = gelu(f.dense(Layer(i, "intermediate.dense"), x))
	y = f.dense(Layer(i, "output.dense"), y)
	return f.norm(Layer(i, "output.LayerNorm"), Add(f.opt.Dropout.apply(y, hiddenDrop), x))
}

// attention is multi-head attention of the tokens x to all tokens, without its output projection:
// of x's shape [B·T, h], or [B, h] for the first tokens.
func (f *forward) attention(i int, x, all, bias *Node) *Node {
	heads := f.cfg.Heads
	size := f.cfg.Hidden / heads
	split := func(part string, x *Node) *Node {
		y := f.dense(Layer(i, "attention.self."+part), x)
		return TransposeAllAxes(Reshape(y, f.b, -1, heads, size), 0, 2, 1, 3) // [B, heads, T, size]
	}
	q := MulScalar(split("query", x), 1/math.Sqrt(float64(size)))
	scores := Add(Einsum("bhtd,bhsd->bhts", q, split("key", all)), bias)
	weights := f.opt.Dropout.apply(softmax(scores), f.cfg.AttentionDropout)
	context := Einsum("bhts,bhsd->bhtd", weights, split("value", all))
	return Reshape(TransposeAllAxes(context, 0, 2, 1, 3), -1, f.cfg.Hidden)
}

// softmax over the last axis, written with primitive operations: its gradient then is
// w⊙(v − Σ w⊙v), without a second exponential.
func softmax(x *Node) *Node {
	shifted := Sub(x, StopGradient(ReduceAndKeep(x, ReduceMax, -1)))
	e := Exp(shifted)
	return Div(e, ReduceAndKeep(e, ReduceSum, -1))
}

// gelu is x·Φ(x) in the exact (erf) form.
func gelu(x *Node) *Node {
	return Mul(x, MulScalar(AddScalar(Erf(MulScalar(x, math.Sqrt2/2)), 1), 0.5))
}

// dense is y = xWᵀ + b, plus LoRA's s·(xAᵀ)Bᵀ where the layer has factors.
func (f *forward) dense(name string, x *Node) *Node {
	y := Add(timesTransposed(x, f.p[name+".weight"]), ExpandDims(f.p[name+".bias"], 0))
	y = f.opt.LoRA.add(f, name, x, y)
	f.tap(name, Dense, x, y)
	return y
}

// timesTransposed is x [n, in] times w [out, in] transposed: [n, out].
func timesTransposed(x, w *Node) *Node {
	return DotGeneral(x, []int{1}, nil, w, []int{1}, nil)
}

// norm is LayerNorm over the last axis with the configuration's epsilon.
func (f *forward) norm(name string, x *Node) *Node {
	centred := Sub(x, ReduceAndKeep(x, ReduceMean, -1))
	variance := ReduceAndKeep(Square(centred), ReduceMean, -1)
	xhat := Div(centred, Sqrt(AddScalar(variance, f.cfg.LayerNormEps)))
	y := Add(Mul(xhat, ExpandDims(f.p[name+".weight"], 0)), ExpandDims(f.p[name+".bias"], 0))
	f.tap(name, Norm, xhat, y)
	return y
}

// HeadLogits are the logits f = φVᵀ + b [B, C], with dropout on φ in training mode.
func (c *Config) HeadLogits(phi, weight, bias *Node, d *Dropout) *Node {
	return Add(timesTransposed(d.apply(phi, c.HiddenDropout), weight), ExpandDims(bias, 0))
}

// LoRA names the dense layers that carry low-rank factors and holds the factors as nodes:
// W x → W x + s·B(Ax), A [r, in], B [out, r] (docs/protocol.md, LoRA).
type LoRA struct {
	Scale  float64  // s = α/r
	Layers []string // dense layers' names
	A, B   map[string]*Node
}

// add adds the low-rank term of the named layer to y.
func (l *LoRA) add(f *forward, name string, x, y *Node) *Node {
	if l == nil || !slices.Contains(l.Layers, name) {
		return y
	}
	down := timesTransposed(x, l.A[name])
	up := MulScalar(timesTransposed(down, l.B[name]), l.Scale)
	f.tap(name+".lora_A", LoRADown, x, down)
	f.tap(name+".lora_B", LoRAUp, down, up)
	return Add(y, up)
}
