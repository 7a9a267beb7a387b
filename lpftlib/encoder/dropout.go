package encoder

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint // graph code reads better without the prefix
)

// Dropout draws the masks of one training pass. A mask bit is a hash of the key, the place in the
// network and the element's number, so it takes integer arithmetic alone, which XLA fuses into the
// layer around it: no random numbers are stored, and the backward pass computes them again.
// (XLA on two cores takes some twenty times as long for a mask of 1024×3072 from its Philox generator.)
// The masks are the same on every engine.
type Dropout struct {
	key   *Node  // [2] uint32
	place uint32 // masks drawn so far in this graph
}

// NewDropout draws masks by a key [2] uint32 that differs from pass to pass.
func NewDropout(key *Node) *Dropout { return &Dropout{key: key} }

// apply zeroes each element with probability rate (to within 2⁻³²) and scales the others by
// 1/(1−rate); the identity in evaluation mode.
func (d *Dropout) apply(x *Node, rate float64) *Node {
	if d == nil || rate == 0 {
		return x
	}
	g := x.Graph()
	dropped := LessThan(d.words(x.Shape()), Const(g, uint32(math.Round(rate*(1<<32)))))
	kept := Const(g, shapes.CastAsDType(1/(1-rate), x.DType()))
	return Mul(x, Where(dropped, ZerosLike(x), BroadcastToShape(kept, x.Shape())))
}

// words are 32 random bits for every element of shape. The steps map the 2³² numbers one to one, so that over
// all of them every word comes once: first the element's number and the key's first word through
// MurmurHash3's fmix32, then the key's second word and a multiplication, whose high bits decide.
func (d *Dropout) words(shape shapes.Shape) *Node {
	const golden = 0x9E3779B9 // 2³²/φ, odd
	g := d.key.Graph()
	here := fmix32(Add(d.key, Const(g, d.place*golden))) // the place's own key
	word := func(i int) *Node { return Reshape(Slice(here, AxisElem(i))) }
	d.place++
	h := Reshape(Iota(g, shapes.Make(dtypes.Uint32, shape.Size()), 0), shape.Dimensions...)
	h = BitwiseXor(fmix32(Add(h, word(0))), word(1))
	return Mul(h, Const(g, uint32(golden)))
}

// fmix32 is MurmurHash3's final mix (A. Appleby, public domain): one bit of h in, each bit of the
// result flips with probability ½.
func fmix32(h *Node) *Node {
	g := h.Graph()
	mix := func(shift uint32) { h = BitwiseXor(h, BitwiseShiftRightLogical(h, Const(g, shift))) }
	mix(16)
	h = Mul(h, Const(g, uint32(0x85ebca6b)))
	mix(13)
	h = Mul(h, Const(g, uint32(0xc2b2ae35)))
	mix(16)
	return h
}
