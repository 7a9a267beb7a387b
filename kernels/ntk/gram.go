package ntk

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// gram multiplies Jacobian blocks into Gram matrices for a fixed set of rows.
type gram struct {
	e       *engine
	classes int
	batches []*batch
	blocks  []block
	pairs   []pair
	key     string // of what graphs depend on: rows of batches and blocks
}

// program is what a compiled product depends on beside the rows.
type program struct {
	kind    unitKind
	in, out int
	tokens  bool // token-by-token product
	width   int  // of a chunk of the larger of in and out
	start   int  // its first column, where the engine cannot slice at a run-time index
}

func newGram(e *engine, list []*batch, leastRows int) *gram {
	g := &gram{e: e, classes: e.classes, batches: list, blocks: blocks(list, leastRows)}
	g.pairs = pairs(g.blocks, e.crossOnly)
	g.key = fmt.Sprintf("Gram matrix, C = %d, in blocks of %d, cross only %v, batches", e.classes, leastRows, e.crossOnly)
	for _, b := range list {
		g.key += fmt.Sprintf(" %d of %v", b.n, b.test)
	}
	return g
}

// exec is the program's graph; inputs: x of every batch (dense), δ of every batch and class, the chunk's
// first column (chunks on XLA).
func (g *gram) exec(p program) (*graph.Exec, error) {
	build := func(in []*graph.Node) []*graph.Node { return g.products(p, in) }
	if p.tokens {
		build = func(in []*graph.Node) []*graph.Node { return g.tokenProducts(p, in) }
	}
	return g.e.programs.exec(fmt.Sprintf("%s: %+v", g.key, p), build)
}

// inputs splits a program's arguments; δ of batch i and class c is delta[i][c].
func (g *gram) inputs(p program, in []*graph.Node) (x []*graph.Node, delta [][]*graph.Node, start *graph.Node) {
	n, c := len(g.batches), g.classes
	x = make([]*graph.Node, n)
	if p.kind == denseUnit {
		x, in = in[:n], in[n:]
	}
	for range n {
		delta, in = append(delta, in[:c]), in[c:]
	}
	if len(in) > 0 {
		start = in[0]
	}
	return x, delta, start
}

// products forms the chunk's Jacobian block by block and multiplies the pairs. A block's rows
// are ordered by class, then by row of data.
func (g *gram) products(p program, in []*graph.Node) []*graph.Node {
	x, delta, start := g.inputs(p, in)
	jacobian := make([]*graph.Node, len(g.blocks))
	for k, b := range g.blocks {
		parts := make([][]*graph.Node, len(b.batches))
		for at, i := range b.batches {
			parts[at] = chunk(p, g.batches[i].n, x[i], delta[i], start)
		}
		var list []*graph.Node
		for c := range g.classes {
			for _, part := range parts {
				list = append(list, part[c])
			}
		}
		jacobian[k] = graph.Concatenate(list, 0)
	}
	out := make([]*graph.Node, len(g.pairs))
	for i, pr := range g.pairs {
		out[i] = graph.DotGeneral(jacobian[pr.left], []int{1}, nil, jacobian[pr.right], []int{1}, nil)
	}
	return out
}

// chunk is, per class, the chunk start … start+width of a unit's Jacobian for n rows,
// [n, columns]. The chunk is cut from the larger of x and δ.
func chunk(p program, n int, x *graph.Node, delta []*graph.Node, start *graph.Node) []*graph.Node {
	dense := p.kind == denseUnit
	wideInput := dense && p.in > p.out
	if dense {
		x = leading(x, n)
	}
	if wideInput {
		x = cut(x, 1, p.width, p.start, start)
	}
	out := make([]*graph.Node, len(delta))
	for c, d := range delta {
		d = leading(d, n)
		if !wideInput {
			d = cut(d, d.Rank()-1, p.width, p.start, start)
		}
		if dense {
			d = graph.DotGeneral(x, []int{2}, []int{0}, d, []int{1}, []int{0}) // Σ_t x_t ⊗ δ_t
		}
		out[c] = graph.Reshape(d, n, -1)
	}
	return out
}

// cut is x[…, start:start+width, …] on one axis; at is the start at run time, nil where it is
// part of the graph.
func cut(x *graph.Node, axis, width, start int, at *graph.Node) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	if dims[axis] == width {
		return x
	}
	if at == nil {
		return graph.SliceAxis(x, axis, graph.AxisRange(start, start+width))
	}
	starts := make([]*graph.Node, len(dims))
	for i := range starts {
		starts[i] = graph.ScalarZero(x.Graph(), at.DType())
	}
	starts[axis], dims[axis] = at, width
	return graph.DynamicSlice(x, starts, dims)
}

// leading cuts off the copies that fill an XLA batch.
func leading(x *graph.Node, n int) *graph.Node {
	if x.Shape().Dimensions[0] == n {
		return x
	}
	return graph.Slice(x, graph.AxisRange(0, n))
}

// tokenProducts computes ⟨Σ_t δ_t⊗x_t, Σ_s δ'_s⊗x'_s⟩ = Σ_ts ⟨x_t, x'_s⟩⟨δ_t, δ'_s⟩ without
// forming gradients: cheaper for short texts, and for layers that one token alone reaches.
func (g *gram) tokenProducts(p program, in []*graph.Node) []*graph.Node {
	x, delta, _ := g.inputs(p, in)
	longest := 0
	for _, d := range delta {
		longest = max(longest, d[0].Shape().Dimensions[1])
	}
	xs, ds := make([]*graph.Node, len(g.blocks)), make([]*graph.Node, len(g.blocks))
	for k, b := range g.blocks {
		var xParts, dParts []*graph.Node
		for _, i := range b.batches {
			n := g.batches[i].n
			xParts = append(xParts, padTokens(leading(x[i], n), 2, longest))
			d := make([]*graph.Node, g.classes)
			for c := range d {
				d[c] = padTokens(leading(delta[i][c], n), 1, longest)
			}
			dParts = append(dParts, graph.Stack(d, 0))
		}
		xs[k], ds[k] = graph.Concatenate(xParts, 0), graph.Concatenate(dParts, 1)
	}
	out := make([]*graph.Node, len(g.pairs))
	for i, pr := range g.pairs {
		out[i] = tokenProduct(xs[pr.left], xs[pr.right], ds[pr.left], ds[pr.right])
	}
	return out
}

// padTokens appends zeros to the token axis.
func padTokens(x *graph.Node, axis, length int) *graph.Node {
	missing := length - x.Shape().Dimensions[axis]
	if missing == 0 {
		return x
	}
	dims := slices.Clone(x.Shape().Dimensions)
	dims[axis] = missing
	return graph.Concatenate([]*graph.Node{x, graph.BroadcastToDims(graph.ScalarZero(x.Graph(), x.DType()), dims...)}, axis)
}

// tokenProduct is [C·n, C·m] of x [n, in, T], y [m, in, T], d [C, n, T, out], e [C, m, T, out].
func tokenProduct(x, y, d, e *graph.Node) *graph.Node {
	n, m, t := x.Shape().Dimensions[0], y.Shape().Dimensions[0], x.Shape().Dimensions[2]
	c := d.Shape().Dimensions[0]
	inputs := graph.DotGeneral(x, []int{1}, nil, y, []int{1}, nil)  // [n, T, m, T]
	outputs := graph.DotGeneral(d, []int{3}, nil, e, []int{3}, nil) // [C, n, T, C, m, T]
	inputs = graph.BroadcastToDims(graph.Reshape(inputs, 1, n, t, 1, m, t), c, n, t, c, m, t)
	product := graph.Mul(inputs, outputs)
	if t > 1 {
		product = graph.ReduceSum(product, 2, 5)
	}
	return graph.Reshape(product, c*n, c*m)
}

// job is one execution of a program.
type job struct {
	p     program
	start int
}

// jobs cuts a unit into chunks of at most width columns of its larger side. The "go" engine has
// no dynamic slice: there each chunk is a graph of its own, which costs milliseconds; XLA
// compiles one for all.
func (g *gram) jobs(u unit, tokens bool, width int) []job {
	p := program{kind: u.kind, in: u.in, out: u.out, tokens: tokens}
	if tokens {
		return []job{{p: p}}
	}
	var out []job
	for start := 0; start < u.wide(); start += width {
		p.width = min(width, u.wide()-start)
		if !g.dynamic() {
			p.start = start
		}
		out = append(out, job{p, start})
	}
	return out
}

func (g *gram) dynamic() bool { return g.e.be.Engine != "go" }

// run executes a job on a unit's kept tensors and returns the pairs' products in float64.
func (g *gram) run(j job, data []kept) (products [][]float64, err error) {
	defer recovered(&err)
	exec, err := g.exec(j.p)
	if err != nil {
		return nil, err
	}
	var args []any
	if j.p.kind == denseUnit {
		for _, k := range data {
			args = append(args, k.x)
		}
	}
	for _, k := range data {
		for _, d := range k.delta {
			args = append(args, d)
		}
	}
	if !j.p.tokens && g.dynamic() {
		args = append(args, int32(j.start))
	}
	outputs, err := g.e.be.Run(exec, args)
	if err != nil {
		return nil, fmt.Errorf("Gram matrix of a %d×%d layer: %w", j.p.out, j.p.in, err)
	}
	return moveToHost(outputs)
}

// add adds a job's products to a group's sums.
func (g *gram) add(s *sums, products [][]float64) {
	for i, pr := range g.pairs {
		s.add(g.blocks[pr.left].rows, g.blocks[pr.right].rows, pr.left == pr.right, products[i])
	}
}

// batched is DotGeneral of [G, n, h] with itself: [G, n, n].
func batched(in []*graph.Node) []*graph.Node {
	return []*graph.Node{graph.DotGeneral(in[0], []int{2}, []int{0}, in[0], []int{2}, []int{0})}
}

// upload makes a tensor of the engine's precision.
func (e *engine) upload(data []float64, dims ...int) *tensors.Tensor {
	if e.dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(data, dims...)
	}
	narrow := make([]float32, len(data))
	for i, v := range data {
		narrow[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(narrow, dims...)
}
