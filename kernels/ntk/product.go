package ntk

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// K·v without K: u = Σ_jd v_jd ∂f_d(x_j)/∂θ is one reverse pass a batch, and (K v)_ic =
// ⟨∂f_c(x_i)/∂θ, u⟩ follows from taps, as a layer y = xWᵀ + b moves by y' = xUᵀ + u_b when its
// parameters move by u: ⟨∂f_c/∂θ, u⟩ = Σ_layers Σ_t ⟨δ_ct, y'_t⟩. Memory is that of the
// parameters, whatever the number of rows.

// Product is the product of P and F between rows [M] and columns [N] with v [N, C]: two vectors [M, C], without forming
// a kernel. Options' Memory and ResumeDir mean nothing here; the embedding mode is exact or skip.
func Product(ctx context.Context, network Network, head *head.Head, rows, columns []encoder.Encoding, v []float64, opt Options) (p, f []float64, err error) {
	_, p, f, err = productAndFeatures(ctx, network, head, rows, columns, v, opt)
	return p, f, err
}

// productAndFeatures is Product with the rows' features [M, h], which it passes anyway.
func productAndFeatures(ctx context.Context, network Network, v0 *head.Head, rows, columns []encoder.Encoding, v []float64, opt Options) (phi, p, f []float64, err error) {
	d, err := newDirection(ctx, network, v0, columns, v, opt)
	if err != nil {
		return nil, nil, nil, err
	}
	phi, f, err = d.along(ctx, v0, rows)
	if err != nil {
		return nil, nil, nil, err
	}
	c, h := v0.Classes(), d.in.d.Width
	moved := head.New(c, h) // Σ_j v_j φ_jᵀ, Σ_j v_j
	for j := range columns {
		for k := range c {
			vjk := v[j*c+k]
			moved.B[k] += vjk
			floats.AddScaled(moved.V.RawRowView(k), vjk, d.phi[j*h:(j+1)*h])
		}
	}
	return phi, logitsOf(moved, phi), f, nil
}

// Operator is Θ = P + F of some rows, known by its products [Product]: kernels.Top takes its largest eigenvalues without
// a kernel. Give Options compiled Programs, or each product compiles its own.
type Operator struct {
	Network Network
	Head    *head.Head
	Rows    []encoder.Encoding
	Options Options
}

// Size is N·C.
func (o *Operator) Size() int { return len(o.Rows) * o.Head.Classes() }

// Mul is Θ·v.
func (o *Operator) Mul(ctx context.Context, v []float64) ([]float64, error) {
	p, f, err := Product(ctx, o.Network, o.Head, o.Rows, o.Rows, v, o.Options)
	for i := range p {
		p[i] += f[i]
	}
	return p, err
}

// logitsOf are Vφ + b [N, C] of features [N, h].
func logitsOf(h *head.Head, phi []float64) []float64 {
	_, logits := evaluated(h, phi)
	return logits.RawMatrix().Data
}

// direction is u, a move of the trained parameters.
type direction struct {
	in    *input
	names []string             // trained tensors
	shape map[string][]int     // theirs
	u     map[string][]float64 // float64 sums over batches
	phi   []float64            // features of the columns [N, h]
}

// newDirection computes u = Σ_jd v_jd ∂f_d(x_j)/∂θ.
func newDirection(ctx context.Context, network Network, head *head.Head, columns []encoder.Encoding, v []float64, opt Options) (*direction, error) {
	if sampled(opt.Embedding) {
		return nil, fmt.Errorf("ntk: K·v in embedding mode %q: expected exact or skip", opt.Embedding)
	}
	if len(v) != len(columns)*head.Classes() {
		return nil, fmt.Errorf("ntk: K·v with %d numbers: expected [N, C] = [%d, %d]", len(v), len(columns), head.Classes())
	}
	in, e, err := open(network, head, columns, nil, opt)
	if err != nil {
		return nil, err
	}
	defer e.close()
	d := &direction{in: in, shape: map[string][]int{}, u: map[string][]float64{}}
	d.trained()
	a, names := e.arch, d.names
	exec, err := e.programs.exec(fmt.Sprintf("K·v, %s: gradient of %q", a.key(), names), func(nodes []*graph.Node) []*graph.Node {
		m := a.bind(nodes)
		weighted := graph.ReduceAllSum(graph.Mul(m.logits, graph.ConvertDType(nodes[len(nodes)-1], a.dtype)))
		trained := make([]*graph.Node, len(names))
		for i, name := range names {
			trained[i] = m.Parameter(name)
		}
		out := graph.Gradient(weighted, trained...)
		return append([]*graph.Node{graph.ConvertDType(m.phi, dtypes.Float64)}, out...)
	})
	if err != nil {
		return nil, err
	}
	h, c := e.d.Width, e.classes
	d.phi = make([]float64, len(columns)*h)
	list := batches(columns, nil, e.be.Engine, shapeOf(e.be.Engine).tokens, e.d.MaxTokens)
	err = inOrder(ctx, len(list), e.be.Lanes(), func(i int) ([][]float64, error) {
		b := list[i]
		weights := make([]float64, b.b*c) // copies that fill a batch weigh 0
		for k, row := range b.rows {
			copy(weights[k*c:], v[row*c:(row+1)*c])
		}
		return e.execute(exec, b, tensors.FromFlatDataAndDimensions(weights, b.b, c))
	}, func(i int, out [][]float64) {
		for k, row := range list[i].rows {
			copy(d.phi[row*h:], out[0][k*h:(k+1)*h])
		}
		for k, name := range d.names {
			for j, g := range out[k+1] {
				d.u[name][j] += g
			}
		}
	})
	d.clearPads()
	return d, err
}

// trained lists the tensors of the chosen groups.
func (d *direction) trained() {
	for _, u := range d.in.d.units(d.in.groups) {
		names := []string{u.parameter}
		if u.kind == vectorUnit {
			names = nil
			for _, v := range u.vectors {
				names = append(names, v.parameter)
			}
		}
		for _, name := range names {
			shape := d.in.d.parameter(name).Shape
			d.names, d.shape[name], d.u[name] = append(d.names, name), shape, make([]float64, product(shape))
		}
	}
}

// clearPads zeroes what Hugging Face's padding_idx keeps from moving.
func (d *direction) clearPads() {
	for _, l := range d.in.d.Layers {
		if u := d.u[l.Weight]; l.Kind == Table && u != nil && l.NoGradient >= 0 {
			clear(u[l.NoGradient*l.Out : (l.NoGradient+1)*l.Out])
		}
	}
}

// execute runs a graph on one batch and copies the outputs to the host.
func (e *engine) execute(exec *graph.Exec, b *batch, more ...any) (out [][]float64, err error) {
	defer recovered(&err)
	args, err := e.inputs(b)
	if err != nil {
		return nil, err
	}
	args = append(append(args, e.args...), more...)
	outputs, err := e.be.Run(exec, args)
	if err != nil {
		return nil, fmt.Errorf("ntk: %d texts at length %d: %w", b.b, b.t, err)
	}
	for _, o := range outputs {
		flat, err := onHost(o)
		o.FinalizeAll()
		if err != nil {
			return nil, err
		}
		out = append(out, flat)
	}
	return out, nil
}

// along returns the rows' features [M, h] and ⟨∂f_c(x_i)/∂θ, u⟩ [M, C] for a head.
func (d *direction) along(ctx context.Context, head *head.Head, rows []encoder.Encoding) (phi, moved []float64, err error) {
	e, err := newEngine(d.in.network, d.in.d, head, &d.in.opt)
	if err != nil {
		return nil, nil, err
	}
	defer e.close()
	var more []any
	var placed []*tensors.Tensor
	for _, name := range d.names {
		t := e.upload(d.u[name], d.shape[name]...)
		more, placed = append(more, t), append(placed, t)
	}
	if err := e.be.Place(placed); err != nil {
		return nil, nil, err
	}
	defer func() {
		for _, t := range placed {
			t.FinalizeAll()
		}
	}()
	a, names := e.arch, d.names
	exec, err := e.programs.exec(fmt.Sprintf("K·v, %s: move along %q", a.key(), names), func(nodes []*graph.Node) []*graph.Node { return a.moves(names, nodes) })
	if err != nil {
		return nil, nil, err
	}
	h, c := e.d.Width, e.classes
	phi, moved = make([]float64, len(rows)*h), make([]float64, len(rows)*c)
	list := batches(rows, nil, e.be.Engine, shapeOf(e.be.Engine).tokens, e.d.MaxTokens)
	err = inOrder(ctx, len(list), e.be.Lanes(), func(i int) ([][]float64, error) { return e.execute(exec, list[i], more...) },
		func(i int, out [][]float64) {
			for k, row := range list[i].rows {
				copy(phi[row*h:], out[0][k*h:(k+1)*h])
				copy(moved[row*c:], out[1][k*c:(k+1)*c])
			}
		})
	return phi, moved, err
}

// moves builds [B, h] features and [B, C] products with the named tensors' move.
func (a arch) moves(names []string, in []*graph.Node) []*graph.Node {
	m := a.bind(in)
	u := map[string]*graph.Node{}
	for i, name := range names {
		u[name] = in[len(in)-len(names)+i]
	}
	var ends, tangents []*graph.Node
	for i := range a.d.Layers {
		l := &a.d.Layers[i]
		if y := m.tangent(l, u); y != nil {
			end := m.taps[l.Name].output
			ends, tangents = append(ends, end), append(tangents, graph.Reshape(y, end.Shape().Dimensions...))
		}
	}
	list := make([]*graph.Node, a.classes)
	for c := range list {
		f := graph.ReduceAllSum(graph.Slice(m.logits, graph.AxisRange(), graph.AxisElem(c)))
		var sum *graph.Node
		for i, delta := range graph.Gradient(f, ends...) {
			term := graph.ReduceSum(graph.Reshape(graph.Mul(delta, tangents[i]), m.B, -1), 1)
			if sum == nil {
				sum = term
				continue
			}
			sum = graph.Add(sum, term)
		}
		list[c] = sum
	}
	return []*graph.Node{graph.ConvertDType(m.phi, dtypes.Float64), graph.Stack(list, 1)}
}

// tangent is y' [positions, out], the move of a layer's output when its own parameters move by u and
// its input stays; nil where nothing moves.
func (m bound) tangent(l *Layer, u map[string]*graph.Node) (sum *graph.Node) {
	t, w, bias := m.taps[l.Name], u[l.Weight], u[l.Bias]
	switch {
	case w == nil:
	case l.Kind == Table:
		return graph.Gather(w, graph.Reshape(m.Index(l.Index), -1, 1))
	case l.Kind == Norm:
		sum = graph.Mul(graph.Reshape(t.input, -1, l.Out), graph.ExpandDims(w, 0))
	default:
		contract := 1
		if l.Transposed {
			contract = 0
		}
		sum = graph.DotGeneral(graph.Reshape(t.input, -1, l.In), []int{1}, nil, w, []int{contract}, nil)
		if l.scale() != 1 {
			sum = graph.MulScalar(sum, l.scale())
		}
	}
	if bias == nil {
		return sum
	}
	if sum == nil {
		return graph.BroadcastToDims(graph.ExpandDims(bias, 0), t.output.Shape().Size()/l.Out, l.Out)
	}
	return graph.Add(sum, graph.ExpandDims(bias, 0))
}

// LinearisedLogits are f0(x) and, by equation (4), f(x) = f0(x) + η Σ_i Θ(x, x_i) δ_i after one
// step of full-batch gradient descent on the summed cross entropy (for the mean give η/N):
// two arrays [M, C], without forming a kernel.
func LinearisedLogits(ctx context.Context, network Network, head *head.Head, rows, train []encoder.Encoding, labels []int, eta float64, opt Options) (f0, f []float64, err error) {
	delta, err := residuals(ctx, network, head, train, labels, opt)
	if err != nil {
		return nil, nil, err
	}
	phi, p, moved, err := productAndFeatures(ctx, network, head, rows, train, delta, opt)
	if err != nil {
		return nil, nil, err
	}
	f0 = logitsOf(head, phi)
	f = slices.Clone(f0)
	for i := range f {
		f[i] += eta * (p[i] + moved[i])
	}
	return f0, f, nil
}

// LinearisedFeatures are φ0(x) and, by equation (5), φ(x) = φ0(x) + η Σ_i Θ^φ(x, x_i) V0ᵀ δ_i
// after the same step: two arrays [M, h]. It takes h reverse passes: for small models, as
// [FeatureKernel].
func LinearisedFeatures(ctx context.Context, network Network, head *head.Head, rows, train []encoder.Encoding, labels []int, eta float64, opt Options) (phi0, phi []float64, err error) {
	h := network.Describe().Width
	if h > mostFeatures {
		return nil, nil, fmt.Errorf("ntk: equation (5) with %d features takes as many reverse passes and is meant for small models, up to %d", h, mostFeatures)
	}
	delta, err := residuals(ctx, network, head, train, labels, opt)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDirection(ctx, network, head, train, delta, opt)
	if err != nil {
		return nil, nil, err
	}
	phi0, moved, err := d.along(ctx, FeatureHead(h), rows)
	if err != nil {
		return nil, nil, err
	}
	phi = slices.Clone(phi0)
	for i := range phi {
		phi[i] += eta * moved[i]
	}
	return phi0, phi, nil
}
