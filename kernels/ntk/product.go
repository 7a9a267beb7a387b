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
func Product(ctx context.Context, model *Model, head *head.Head, rows, columns []encoder.Encoding, v []float64, opt Options) (p, f []float64, err error) {
	_, p, f, err = productAndFeatures(ctx, model, head, rows, columns, v, opt)
	return p, f, err
}

// productAndFeatures is Product with the rows' features [M, h], which it passes anyway.
func productAndFeatures(ctx context.Context, model *Model, v0 *head.Head, rows, columns []encoder.Encoding, v []float64, opt Options) (phi, p, f []float64, err error) {
	d, err := newDirection(ctx, model, v0, columns, v, opt)
	if err != nil {
		return nil, nil, nil, err
	}
	phi, f, err = d.along(ctx, v0, rows)
	if err != nil {
		return nil, nil, nil, err
	}
	c, h := v0.Classes(), model.Weights.Config.Hidden
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
	Model   *Model
	Head    *head.Head
	Rows    []encoder.Encoding
	Options Options
}

// Size is N·C.
func (o *Operator) Size() int { return len(o.Rows) * o.Head.Classes() }

// Mul is Θ·v.
func (o *Operator) Mul(ctx context.Context, v []float64) ([]float64, error) {
	p, f, err := Product(ctx, o.Model, o.Head, o.Rows, o.Rows, v, o.Options)
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
func newDirection(ctx context.Context, model *Model, head *head.Head, columns []encoder.Encoding, v []float64, opt Options) (*direction, error) {
	if opt.Embedding.sampled() {
		return nil, fmt.Errorf("ntk: K·v in embedding mode %q: expected exact or skip", opt.Embedding)
	}
	if len(v) != len(columns)*head.Classes() {
		return nil, fmt.Errorf("ntk: K·v with %d numbers: expected [N, C] = [%d, %d]", len(v), len(columns), head.Classes())
	}
	in, e, err := open(model, head, columns, nil, opt)
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
		out := graph.Gradient(weighted, a.nodes(names, m)...)
		return append([]*graph.Node{graph.ConvertDType(m.phi, dtypes.Float64)}, out...)
	})
	if err != nil {
		return nil, err
	}
	h, c := e.cfg.Hidden, e.classes
	d.phi = make([]float64, len(columns)*h)
	list := batches(columns, nil, e.be.Engine, shapeOf(e.be.Engine).tokens, e.cfg.MaxTokens())
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
	m := d.in.model
	for _, u := range m.units(d.in.groups) {
		add := func(name string, shape ...int) {
			d.names = append(d.names, name)
			d.shape[name], d.u[name] = shape, make([]float64, product(shape))
		}
		switch u.kind {
		case denseUnit:
			add(u.name+".weight", u.out, u.in)
		case vectorUnit:
			for _, v := range u.vectors {
				add(v.parameter(), v.size)
			}
		case tableUnit:
			add(u.name, len(m.Weights.Tensors[u.name])/u.out, u.out)
		}
	}
}

// nodes are the named tensors in a graph.
func (a arch) nodes(names []string, m bound) []*graph.Node {
	factors := map[string]*graph.Node{}
	for i, spec := range a.lora.Specs() {
		factors[spec.Name] = m.factors[i]
	}
	var out []*graph.Node
	for _, name := range names {
		n := m.params[name]
		if n == nil {
			n = factors[name]
		}
		out = append(out, n)
	}
	return out
}

// clearPads zeroes what Hugging Face's padding_idx keeps from moving.
func (d *direction) clearPads() {
	cfg := d.in.model.Weights.Config
	tables := []string{encoder.WordEmbeddings}
	if cfg.Family == encoder.RoBERTa {
		tables = append(tables, encoder.PositionEmbeddings)
	}
	for _, name := range tables {
		if u := d.u[name]; u != nil {
			clear(u[cfg.PadID*cfg.Hidden : (cfg.PadID+1)*cfg.Hidden])
		}
	}
}

// execute runs a graph on one batch and copies the outputs to the host.
func (e *engine) execute(exec *graph.Exec, b *batch, more ...any) (out [][]float64, err error) {
	defer recovered(&err)
	host, err := e.cfg.NewBatch(b.texts, b.t)
	if err != nil {
		return nil, err
	}
	args := append(host.Tensors(), e.mask(b))
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
	e, err := newEngine(d.in.model, head, &d.in.opt)
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
	h, c := e.cfg.Hidden, e.classes
	phi, moved = make([]float64, len(rows)*h), make([]float64, len(rows)*c)
	list := batches(rows, nil, e.be.Engine, shapeOf(e.be.Engine).tokens, e.cfg.MaxTokens())
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
	b := in[0].Shape().Dimensions[0]
	var ends, tangents []*graph.Node
	for _, tap := range m.taps {
		if y := a.tangent(tap, u, in); y != nil {
			ends, tangents = append(ends, tap.Output), append(tangents, y)
		}
	}
	list := make([]*graph.Node, a.classes)
	for c := range list {
		f := graph.ReduceAllSum(graph.Slice(m.logits, graph.AxisRange(), graph.AxisElem(c)))
		var sum *graph.Node
		for i, delta := range graph.Gradient(f, ends...) {
			term := graph.ReduceSum(graph.Reshape(graph.Mul(delta, tangents[i]), b, -1), 1)
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

// tangent is y', the move of a layer's output when its own parameters move by u and its input
// stays; nil where nothing moves.
func (a arch) tangent(tap encoder.Tap, u map[string]*graph.Node, in []*graph.Node) *graph.Node {
	var sum *graph.Node
	add := func(n *graph.Node) {
		if sum == nil {
			sum = n
			return
		}
		sum = graph.Add(sum, n)
	}
	if tap.Kind == encoder.Embedding {
		for i, name := range []string{encoder.WordEmbeddings, encoder.PositionEmbeddings, encoder.TypeEmbeddings} {
			if table := u[name]; table != nil {
				add(graph.Gather(table, graph.Reshape(in[i], -1, 1)))
			}
		}
		return sum
	}
	if w := u[tap.Name+".weight"]; w != nil {
		switch {
		case tap.Kind == encoder.Norm:
			add(graph.Mul(tap.Input, graph.ExpandDims(w, 0)))
		default:
			y := graph.DotGeneral(tap.Input, []int{1}, nil, w, []int{1}, nil)
			if tap.Kind == encoder.LoRAUp {
				y = graph.MulScalar(y, a.lora.Alpha/float64(a.lora.Rank))
			}
			add(y)
		}
	}
	if bias := u[tap.Name+".bias"]; bias != nil {
		add(graph.BroadcastToDims(graph.ExpandDims(bias, 0), tap.Output.Shape().Dimensions...))
	}
	return sum
}

// LinearisedLogits are f0(x) and, by equation (4), f(x) = f0(x) + η Σ_i Θ(x, x_i) δ_i after one
// step of full-batch gradient descent on the summed cross entropy (for the mean give η/N):
// two arrays [M, C], without forming a kernel.
func LinearisedLogits(ctx context.Context, model *Model, head *head.Head, rows, train []encoder.Encoding, labels []int, eta float64, opt Options) (f0, f []float64, err error) {
	delta, err := residuals(ctx, model, head, train, labels, opt)
	if err != nil {
		return nil, nil, err
	}
	phi, p, moved, err := productAndFeatures(ctx, model, head, rows, train, delta, opt)
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
func LinearisedFeatures(ctx context.Context, model *Model, head *head.Head, rows, train []encoder.Encoding, labels []int, eta float64, opt Options) (phi0, phi []float64, err error) {
	h := model.Weights.Config.Hidden
	if h > mostFeatures {
		return nil, nil, fmt.Errorf("ntk: equation (5) with %d features takes as many reverse passes and is meant for small models, up to %d", h, mostFeatures)
	}
	delta, err := residuals(ctx, model, head, train, labels, opt)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDirection(ctx, model, head, train, delta, opt)
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
