package kernels

import (
	"fmt"
	"sync"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// gram multiplies Jacobian blocks into Gram matrices for a fixed set of rows.
type gram struct {
	e       *engine
	batches []*batch
	blocks  []block
	pairs   []pair

	mu    sync.Mutex
	execs map[program]*graph.Exec
}

// program is what a compiled product depends on beside the rows.
type program struct {
	kind    unitKind
	in, out int
	first   bool
	tokens  bool // token-by-token product
	width   int  // outputs of a chunk
	start   int  // its first output, where the engine cannot slice at a run-time index
}

func newGram(e *engine, list []*batch, leastRows int) *gram {
	g := &gram{e: e, batches: list, blocks: blocks(list, leastRows), execs: map[program]*graph.Exec{}}
	g.pairs = pairs(g.blocks)
	return g
}

func (g *gram) close() {
	for _, exec := range g.execs {
		exec.Finalize()
	}
}

// exec is the program's graph; inputs: x of every batch (dense), δ of every batch, the chunk's
// first output (chunks on XLA).
func (g *gram) exec(p program) (*graph.Exec, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if exec := g.execs[p]; exec != nil {
		return exec, nil
	}
	build := func(in []*graph.Node) []*graph.Node { return g.products(p, in) }
	if p.tokens {
		build = func(in []*graph.Node) []*graph.Node { return g.tokenProducts(p, in) }
	}
	exec, err := graph.NewExec(g.e.be.Backend, build)
	if err != nil {
		return nil, fmt.Errorf("Gram matrix: %w", err)
	}
	g.execs[p] = exec.WithName("gram").SetMaxCache(-1)
	return exec, nil
}

// inputs splits a program's arguments.
func (g *gram) inputs(p program, in []*graph.Node) (x, delta []*graph.Node, start *graph.Node) {
	x = make([]*graph.Node, len(g.batches))
	if p.kind == denseUnit {
		x, in = in[:len(g.batches)], in[len(g.batches):]
	}
	delta, in = in[:len(g.batches)], in[len(g.batches):]
	if len(in) > 0 {
		start = in[0]
	}
	return x, delta, start
}

// products forms the chunk's Jacobian block by block and multiplies the pairs.
func (g *gram) products(p program, in []*graph.Node) []*graph.Node {
	x, delta, start := g.inputs(p, in)
	jacobian := make([]*graph.Node, len(g.blocks))
	for k, b := range g.blocks {
		var parts []*graph.Node
		for _, i := range b.batches {
			parts = append(parts, chunk(p, g.batches[i], x[i], delta[i], start))
		}
		jacobian[k] = parts[0]
		if len(parts) > 1 {
			jacobian[k] = graph.Concatenate(parts, 0)
		}
	}
	out := make([]*graph.Node, len(g.pairs))
	for i, pr := range g.pairs {
		out[i] = graph.DotGeneral(jacobian[pr.left], []int{1}, nil, jacobian[pr.right], []int{1}, nil)
	}
	return out
}

// chunk is the columns start … start+width of a unit's Jacobian, [n·C, width·in].
func chunk(p program, b *batch, x, delta, start *graph.Node) *graph.Node {
	c, dims := delta.Shape().Dimensions[1], delta.Shape().Dimensions
	switch {
	case p.width < p.out && start == nil:
		delta = graph.Slice(delta, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(p.start, p.start+p.width))
		dims = delta.Shape().Dimensions
	case p.width < p.out:
		zero := graph.ScalarZero(delta.Graph(), start.DType())
		at, size := []*graph.Node{zero, zero, start}, []int{dims[0], c, p.width}
		if len(dims) == 4 {
			at, size = append(at, zero), append(size, dims[3])
		}
		delta = graph.DynamicSlice(delta, at, size)
	}
	delta = leading(delta, b.n)
	if p.kind == vectorUnit {
		return graph.Reshape(delta, b.n*c, p.width)
	}
	t := dims[3]
	rows := graph.Reshape(delta, b.n, c*p.width, t)
	j := graph.DotGeneral(rows, []int{2}, []int{0}, leading(x, b.n), []int{1}, []int{0})
	return graph.Reshape(j, b.n*c, p.width*p.in)
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
		longest = max(longest, d.Shape().Dimensions[3])
	}
	xs, ds := make([]*graph.Node, len(g.blocks)), make([]*graph.Node, len(g.blocks))
	for k, b := range g.blocks {
		var xParts, dParts []*graph.Node
		for _, i := range b.batches {
			n := g.batches[i].n
			xParts = append(xParts, padTokens(leading(x[i], n), 1, longest))
			d := graph.TransposeAllAxes(leading(delta[i], n), 0, 1, 3, 2) // [n, C, T, out]
			dParts = append(dParts, padTokens(d, 2, longest))
		}
		xs[k], ds[k] = graph.Concatenate(xParts, 0), graph.Concatenate(dParts, 0)
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
	dims := append([]int(nil), x.Shape().Dimensions...)
	dims[axis] = missing
	return graph.Concatenate([]*graph.Node{x, graph.BroadcastToDims(graph.ScalarZero(x.Graph(), x.DType()), dims...)}, axis)
}

// tokenProduct is [n·C, m·C] of x [n, T, in], y [m, T, in], d [n, C, T, out], e [m, C, T, out].
func tokenProduct(x, y, d, e *graph.Node) *graph.Node {
	n, m, t := x.Shape().Dimensions[0], y.Shape().Dimensions[0], x.Shape().Dimensions[1]
	c := d.Shape().Dimensions[1]
	inputs := graph.DotGeneral(x, []int{2}, nil, y, []int{2}, nil)  // [n, T, m, T]
	outputs := graph.DotGeneral(d, []int{3}, nil, e, []int{3}, nil) // [n, C, T, m, C, T]
	inputs = graph.BroadcastToDims(graph.Reshape(inputs, n, 1, t, m, 1, t), n, c, t, m, c, t)
	product := graph.Mul(inputs, outputs)
	if t > 1 {
		product = graph.ReduceSum(product, 2, 5)
	}
	return graph.Reshape(product, n*c, m*c)
}

// job is one execution of a program.
type job struct {
	p     program
	start int
}

// jobs cuts a unit into chunks of at most width outputs. The "go" engine has no dynamic slice:
// there each chunk is a graph of its own, which costs milliseconds; XLA compiles one for all.
func (g *gram) jobs(u unit, tokens bool, width int) []job {
	p := program{kind: u.kind, in: u.in, out: u.out, first: u.first, tokens: tokens}
	if tokens {
		return []job{{p: p}}
	}
	var out []job
	for start := 0; start < u.out; start += width {
		p.width = min(width, u.out-start)
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
		args = append(args, k.delta)
	}
	if !j.p.tokens && g.dynamic() {
		args = append(args, int32(j.start))
	}
	outputs, err := exec.Exec(args...)
	if err != nil {
		return nil, fmt.Errorf("Gram matrix of a %d×%d layer: %w", j.p.out, j.p.in, err)
	}
	for _, o := range outputs {
		product, err := onHost(o)
		o.FinalizeAll()
		if err != nil {
			return nil, err
		}
		products = append(products, product)
	}
	return products, nil
}

// add adds a job's products to a group's sums.
func (g *gram) add(s *sums, products [][]float64) {
	for i, pr := range g.pairs {
		s.add(g.blocks[pr.left].rows, g.blocks[pr.right].rows, pr.left == pr.right, products[i])
	}
}

// batched is DotGeneral of [G, n, h] with itself: [G, n, n].
func batched(x *graph.Node) *graph.Node {
	return graph.DotGeneral(x, []int{2}, []int{0}, x, []int{2}, []int{0})
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
