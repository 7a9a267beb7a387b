package ntk

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// engine is a model with a head on a backend, ready for graphs.
type engine struct {
	arch
	be       *backend.Backend
	programs *Programs
	own      bool      // programs are this engine's own
	sampling *sampling // nil: no paper-10
	args     []any     // head, parameters, factors: on the device
	tensors  []*tensors.Tensor
}

// newEngine checks model and head and puts them on the backend.
func newEngine(m *Model, head *head.Head, opt *Options) (*engine, error) {
	be := opt.Backend
	if be == nil {
		return nil, fmt.Errorf("ntk: no backend: open one with backend.Open")
	}
	if opt.Programs != nil && opt.Programs.be != be {
		return nil, fmt.Errorf("ntk: the programs were compiled for another backend (%s, not %s): give each backend its own", opt.Programs.be.Engine, be.Engine)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	cfg := m.Weights.Config
	if err := errors.Join(head.Check(cfg.Hidden), head.Finite()); err != nil {
		return nil, fmt.Errorf("ntk: %w", err)
	}
	e := &engine{arch: arch{cfg: cfg, lora: m.LoRA, classes: head.Classes(), dtype: dtypes.Float32}, be: be, programs: opt.Programs}
	if opt.Float64 {
		e.dtype = dtypes.Float64
	}
	if e.programs == nil {
		e.programs, e.own = NewPrograms(be), true
	}
	e.tensors = append(e.tensors, tensors.FromFlatDataAndDimensions(head.Weight(), e.classes, cfg.Hidden),
		tensors.FromFlatDataAndDimensions(head.B, e.classes))
	e.tensors = append(e.tensors, m.Weights.Device()...)
	for _, t := range m.LoRA.Args() {
		e.tensors = append(e.tensors, t.(*tensors.Tensor))
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
	h := e.cfg.Hidden
	out := make([]float64, b.b*h)
	for i := range b.b {
		copy(out[i*h:], e.sampling.features(b.index[i]))
	}
	return tensors.FromFlatDataAndDimensions(out, b.b, h)
}

// bound are the nodes of one forward pass.
type bound struct {
	phi, logits *graph.Node
	masked      *graph.Node // logits of the masked features
	params      encoder.Params
	factors     []*graph.Node
	taps        []encoder.Tap
}

// bind builds the forward pass. in: ids, positions, types, mask, feature mask, V, b,
// parameters, LoRA factors.
func (a arch) bind(in []*graph.Node) bound {
	wide := make([]*graph.Node, len(in))
	for i, n := range in {
		wide[i] = n
		if n.DType().IsFloat() {
			wide[i] = graph.ConvertDType(n, a.dtype)
		}
	}
	var m bound
	m.params, m.factors = a.cfg.BindParams(wide[7:])
	hidden := a.cfg.Forward(m.params, encoder.Inputs{IDs: in[0], Positions: in[1], Types: in[2], Mask: wide[3]},
		encoder.ForwardOptions{LoRA: a.lora.Bind(m.factors), Taps: &m.taps, FirstOnly: true})
	m.phi = hidden.First
	m.logits = a.cfg.HeadLogits(m.phi, wide[5], wide[6], nil)
	if a.masked {
		m.masked = a.cfg.HeadLogits(graph.Mul(m.phi, wide[4]), wide[5], wide[6], nil)
	}
	return m
}

// recovered turns a panic of graph building into an error at the package's border.
func recovered(err *error) {
	if r := recover(); r != nil {
		line, _, _ := strings.Cut(fmt.Sprint(r), "\n")
		*err = fmt.Errorf("ntk: graph: %s", line)
	}
}
