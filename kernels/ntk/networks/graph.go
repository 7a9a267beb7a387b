package networks

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint // graph code reads better without the prefix

	"lpft/kernels/ntk"
)

// pass builds layers and records them. Activations are [B·T, features].
type pass struct {
	*ntk.Pass
	eps   float64 // of the LayerNorms
	heads int
}

func (p pass) look(table, index string) *Node {
	return Gather(p.Parameter(table+".weight"), Reshape(p.Index(index), -1, 1))
}

// norm is LayerNorm over the last axis.
func (p pass) norm(name string, x *Node) *Node {
	centred := Sub(x, ReduceAndKeep(x, ReduceMean, -1))
	variance := ReduceAndKeep(Square(centred), ReduceMean, -1)
	xhat := Div(centred, Sqrt(AddScalar(variance, p.eps)))
	y := Add(Mul(xhat, ExpandDims(p.Parameter(name+".weight"), 0)), ExpandDims(p.Parameter(name+".bias"), 0))
	p.Record(name, xhat, y)
	return y
}

// dense is y = xWᵀ + b.
func (p pass) dense(name string, x *Node) *Node { return p.linear(name, x, 1) }

// conv1D is y = xW + b.
func (p pass) conv1D(name string, x *Node) *Node { return p.linear(name, x, 0) }

func (p pass) linear(name string, x *Node, contract int) *Node {
	y := Add(DotGeneral(x, []int{1}, nil, p.Parameter(name+".weight"), []int{contract}, nil), ExpandDims(p.Parameter(name+".bias"), 0))
	p.Record(name, x, y)
	return y
}

// attend is multi-head attention of q to k and v, all [B·T, h], with an additive bias that
// broadcasts to [B, heads, T, T].
func (p pass) attend(q, k, v, bias *Node) *Node {
	h := q.Shape().Dimensions[1]
	size := h / p.heads
	split := func(x *Node) *Node { return TransposeAllAxes(Reshape(x, p.B, p.T, p.heads, size), 0, 2, 1, 3) }
	scores := Add(MulScalar(Einsum("bhtd,bhsd->bhts", split(q), split(k)), 1/math.Sqrt(float64(size))), bias)
	context := Einsum("bhts,bhsd->bhtd", Softmax(scores, -1), split(v))
	return Reshape(TransposeAllAxes(context, 0, 2, 1, 3), -1, h)
}

// far is added to the scores of positions that must not be read; their weight is then exactly 0.
const far = -1e9

// padding is the additive bias [B, 1, 1, T] that keeps padding from being read.
func (p pass) padding() *Node {
	return Reshape(MulScalar(OneMinus(p.Mask), far), p.B, 1, 1, p.T)
}

// causal is the additive bias [1, 1, T, T] that keeps later tokens from being read.
func (p pass) causal() *Node {
	dtype := p.Mask.DType()
	row, column := Iota(p.Mask.Graph(), p.square(), 0), Iota(p.Mask.Graph(), p.square(), 1)
	return Reshape(MulScalar(ConvertDType(GreaterThan(column, row), dtype), far), 1, 1, p.T, p.T)
}

// gelu is x·Φ(x) in the exact (erf) form.
func gelu(x *Node) *Node {
	return Mul(x, MulScalar(AddScalar(Erf(MulScalar(x, math.Sqrt2/2)), 1), 0.5))
}

// geluTanh is the approximation that GPT-2 was trained with ("gelu_new").
func geluTanh(x *Node) *Node {
	inner := MulScalar(Add(x, MulScalar(Mul(x, Square(x)), 0.044715)), math.Sqrt(2/math.Pi))
	return Mul(MulScalar(x, 0.5), AddScalar(Tanh(inner), 1))
}

// pick is Σ_t w_t x_t [B, h] of x [B·T, h] and weights w [B, T]: w is 1 at one token.
func (p pass) pick(x, w *Node) *Node {
	return Einsum("bt,bth->bh", w, Reshape(x, p.B, p.T, -1))
}

// last is 1 at each text's last token: the mask less the mask one token on.
func (p pass) last() *Node {
	if p.T == 1 {
		return p.Mask
	}
	next := Slice(p.Mask, AxisRange(), AxisRange(1))
	return Sub(p.Mask, Concatenate([]*Node{next, ZerosLike(Slice(p.Mask, AxisRange(), AxisRange(0, 1)))}, 1))
}
