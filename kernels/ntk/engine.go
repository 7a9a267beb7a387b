package ntk

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/head"
)

// engine is a network with a head on a backend, ready for graphs.
type engine struct {
	arch
	be        *backend.Backend
	programs  *Programs
	crossOnly bool      // see Options
	own       bool      // programs are this engine's own
	sampling  *sampling // nil: no paper-10
	args      []any     // head, parameters: on the device
	tensors   []*tensors.Tensor
}

var errNoBackend = errors.New("ntk: no backend: open one with backend.Open")

// newEngine checks network and head and puts them on the backend.
func newEngine(n Network, d *Description, head *head.Head, opt *Options) (*engine, error) {
	be := opt.Backend
	if be == nil {
		return nil, errNoBackend
	}
	if opt.Programs != nil && opt.Programs.be != be {
		return nil, fmt.Errorf("ntk: the programs were compiled for another backend (%s, not %s): give each backend its own", opt.Programs.be.Engine, be.Engine)
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if err := errors.Join(head.Check(d.Width), head.Finite()); err != nil {
		return nil, fmt.Errorf("ntk: %w", err)
	}
	e := &engine{arch: arch{network: n, d: d, classes: head.Classes(), dtype: dtypes.Float32}, be: be, programs: opt.Programs, crossOnly: opt.crossOnly}
	if opt.Float64 {
		e.dtype = dtypes.Float64
	}
	if e.programs == nil {
		e.programs, e.own = NewPrograms(be), true
	}
	e.tensors = append(e.tensors, tensors.FromFlatDataAndDimensions(head.Weight(), e.classes, d.Width),
		tensors.FromFlatDataAndDimensions(head.B, e.classes))
	for _, p := range d.Parameters {
		e.tensors = append(e.tensors, tensors.FromFlatDataAndDimensions(p.Data, p.Shape...))
	}
	if err := be.Place(e.tensors); err != nil {
		return nil, fmt.Errorf("ntk: parameters to the backend: %w", err)
	}
	for _, t := range e.tensors {
		e.args = append(e.args, t)
	}
	return e, nil
}

// sample turns on a paper-10 mode.
func (e *engine) sample(s *sampling) { e.sampling, e.masked = s, true }

// close frees the parameters on the device, and programs that nobody else has.
func (e *engine) close() {
	if e.own {
		e.programs.Close()
	}
	for _, t := range e.tensors {
		t.FinalizeAll()
	}
}

// size is the bytes of one number.
func (e *engine) size() int { return e.dtype.Size() }

// mask is the factor on each row's features in the paper-10 modes; a scalar 1 otherwise.
func (e *engine) mask(b *batch) any {
	if e.sampling == nil {
		return float64(1)
	}
	h := e.d.Width
	out := make([]float64, b.b*h)
	for i := range b.b {
		copy(out[i*h:], e.sampling.features(b.index[i]))
	}
	return tensors.FromFlatDataAndDimensions(out, b.b, h)
}

// inputs are a batch's arrays on the backend: indices, mask, and the factor on its features.
func (e *engine) inputs(b *batch) ([]any, error) {
	host, err := e.network.Batch(b.texts, b.t)
	if err != nil {
		return nil, fmt.Errorf("ntk: %w", err)
	}
	var args []any
	for _, name := range e.d.Inputs {
		if len(host.Index[name]) != b.b*b.t {
			return nil, fmt.Errorf("ntk: the network's batch has %d numbers of %q: expected [B, T] = [%d, %d]", len(host.Index[name]), name, b.b, b.t)
		}
		args = append(args, tensors.FromFlatDataAndDimensions(host.Index[name], b.b, b.t))
	}
	if len(host.Mask) != b.b*b.t {
		return nil, fmt.Errorf("ntk: the network's batch has a mask of %d numbers: expected [B, T] = [%d, %d]", len(host.Mask), b.b, b.t)
	}
	return append(args, tensors.FromFlatDataAndDimensions(host.Mask, b.b, b.t), e.mask(b)), nil
}

// bound are the nodes of one forward pass.
type bound struct {
	*Pass
	phi, logits *graph.Node
	masked      *graph.Node // logits of the masked features
}

// bind builds the forward pass. in: the network's inputs, mask, feature mask, V, b, parameters.
func (a arch) bind(in []*graph.Node) bound {
	defer asError()
	wide := make([]*graph.Node, len(in))
	for i, n := range in {
		wide[i] = n
		if n.DType().IsFloat() {
			wide[i] = graph.ConvertDType(n, a.dtype)
		}
	}
	dims := in[0].Shape().Dimensions
	p := &Pass{B: dims[0], T: dims[1], index: map[string]*graph.Node{}, params: map[string]*graph.Node{}, taps: map[string]tap{}}
	for i, name := range a.d.Inputs {
		p.index[name] = in[i]
	}
	wide = wide[len(a.d.Inputs):]
	p.Mask = wide[0]
	for i, parameter := range a.d.Parameters {
		p.params[parameter.Name] = wide[4+i]
	}
	m := bound{Pass: p, phi: a.network.Forward(p)}
	if !slices.Equal(m.phi.Shape().Dimensions, []int{p.B, a.d.Width}) {
		panic(fmt.Sprintf("the network's features have shape %v: its description promises [B, h] = [%d, %d]", m.phi.Shape().Dimensions, p.B, a.d.Width))
	}
	for i := range a.d.Layers {
		p.check(&a.d.Layers[i])
	}
	m.logits = linear(m.phi, wide[2], wide[3])
	if a.masked {
		m.masked = linear(graph.Mul(m.phi, wide[1]), wide[2], wide[3])
	}
	return m
}

// linear is the head: φVᵀ + b [B, C].
func linear(phi, weight, bias *graph.Node) *graph.Node {
	return graph.Add(graph.DotGeneral(phi, []int{1}, nil, weight, []int{1}, nil), graph.ExpandDims(bias, 0))
}

// check holds what Forward recorded of a layer against its description.
func (p *Pass) check(l *Layer) {
	t, ok := p.taps[l.Name]
	if !ok {
		panic(fmt.Sprintf("layer %q is described and never recorded", l.Name))
	}
	positions := p.B * p.T
	if l.OneToken {
		positions = p.B
	}
	shape := func(what string, n *graph.Node, width int) {
		if n == nil || n.Rank() < 2 || n.Shape().Dimensions[n.Rank()-1] != width || n.Shape().Size() != positions*width {
			panic(fmt.Sprintf("layer %q has %s of shape %v: its description promises %d positions of %d numbers", l.Name, what, n, positions, width))
		}
	}
	shape("an output", t.output, l.Out)
	if l.Kind == Dense {
		shape("an input", t.input, l.In)
	}
	if l.Kind == Norm && l.Weight != "" {
		shape("an input", t.input, l.Out)
	}
}

// asError turns a panic of a network's own code into one of an error, the only kind that GoMLX's
// Exec recovers from: after any other it waits for ever when it is closed.
func asError() {
	if r := recover(); r != nil {
		if err, ok := r.(error); ok {
			panic(err)
		}
		panic(fmt.Errorf("%v", r))
	}
}

// recovered turns a panic of graph building into an error at the package's border.
func recovered(err *error) {
	if r := recover(); r != nil {
		line, _, _ := strings.Cut(fmt.Sprint(r), "\n")
		*err = fmt.Errorf("ntk: graph: %s", line)
	}
}
