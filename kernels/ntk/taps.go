package ntk

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/encoder"
)

// kept is what a unit needs of one batch, on the device:
//
//	dense:  x [B, in, T], per class δ [B, T, out]; T = 1 where the first token is all there is
//	vector: per class δ [B, out], the Jacobian itself
//	table:  per class δ [B, T, h]
//
// δ lies as the reverse pass left it; x, which the classes share, is transposed for the products.
type kept struct {
	x     *tensors.Tensor
	delta []*tensors.Tensor
}

// free gives the memory back; units may share a tensor, a second time does nothing.
func (k kept) free() {
	if k.x != nil {
		k.x.FinalizeAll()
	}
	for _, t := range k.delta {
		t.FinalizeAll()
	}
}

// reverse is the compiled C reverse passes of the logits for some units.
type reverse struct {
	arch
	units []unit
	exec  *graph.Exec

	mu    sync.Mutex
	slots []slot // where a unit's tensors are among the graph's outputs
}

// slot counts outputs; units that read the same layer input share x.
type slot struct{ x, delta int } // of δ the first class; the others follow

// run returns the batch's features [n, h] and, for every unit, what it needs.
func (r *reverse) run(e *engine, b *batch) (phi []float64, out []kept, err error) {
	defer recovered(&err)
	host, err := r.cfg.NewBatch(b.texts, b.t)
	if err != nil {
		return nil, nil, err
	}
	args := append(host.Tensors(), e.mask(b))
	args = append(args, e.args...)
	outputs, err := e.be.Run(r.exec, args)
	if err != nil {
		return nil, nil, fmt.Errorf("reverse passes of %d texts at length %d: %w", b.b, b.t, err)
	}
	phi, err = onHost(outputs[0])
	outputs[0].FinalizeAll()
	if err != nil {
		return nil, nil, err
	}
	for _, at := range r.places() {
		k := kept{delta: outputs[at.delta : at.delta+r.classes]}
		if at.x > 0 {
			k.x = outputs[at.x]
		}
		out = append(out, k)
	}
	return phi[:b.n*r.cfg.Hidden], out, nil
}

// graph is the whole of one batch: forward, then one reverse pass a class.
func (r *reverse) graph(in []*graph.Node) []*graph.Node {
	m := r.bind(in)
	c, dims := r.classes, in[0].Shape().Dimensions
	t := &tapped{b: dims[0], t: dims[1], c: c, nodes: map[string]encoder.Tap{}, deltas: map[string][]*graph.Node{}}
	for _, tap := range m.taps {
		t.nodes[tap.Name] = tap
	}
	names := tapNames(r.units)
	t.differentiate(m.logits, names)
	w := &outputs{list: []*graph.Node{graph.ConvertDType(m.phi, dtypes.Float64)}, at: map[inputKey]int{}}
	var slots []slot
	for _, u := range r.units {
		var s slot
		switch {
		case u.kind == denseUnit:
			s = slot{w.input(t, u), w.add(t.delta(u)...)}
		case u.kind == vectorUnit:
			s.delta = w.add(t.vector(u)...)
		case u.name == encoder.WordEmbeddings && r.masked:
			masked := &tapped{b: t.b, t: t.t, c: c, nodes: t.nodes, deltas: map[string][]*graph.Node{}}
			masked.differentiate(m.masked, []string{"embeddings"})
			s.delta = w.add(masked.table()...)
		default:
			s.delta = w.table(t)
		}
		slots = append(slots, s)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slots = slots // the same for every shape
	return w.list
}

func (r *reverse) places() []slot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.slots
}

// outputs collects a graph's outputs; what several units read comes once.
type outputs struct {
	list  []*graph.Node
	at    map[inputKey]int
	delta int // of the tables; 0: not yet
}

type inputKey struct {
	node  *graph.Node
	scale float64
}

// add returns the place of the first.
func (w *outputs) add(nodes ...*graph.Node) int {
	at := len(w.list)
	w.list = append(w.list, nodes...)
	return at
}

func (w *outputs) input(t *tapped, u unit) int {
	key := inputKey{t.nodes[u.name].Input, u.scale}
	if _, ok := w.at[key]; !ok {
		w.at[key] = w.add(t.input(u))
	}
	return w.at[key]
}

func (w *outputs) table(t *tapped) int {
	if w.delta == 0 {
		w.delta = w.add(t.table()...)
	}
	return w.delta
}

// tapNames are the taps that units read, each once.
func tapNames(units []unit) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, u := range units {
		switch u.kind {
		case denseUnit:
			add(u.name)
		case tableUnit:
			add("embeddings")
		case vectorUnit:
			for _, v := range u.vectors {
				add(v.tap)
			}
		}
	}
	return names
}

// tapped shapes taps and their gradients.
type tapped struct {
	b, t, c int
	nodes   map[string]encoder.Tap
	deltas  map[string][]*graph.Node // per class [B·T, out]
}

// differentiate takes the gradient of each class's logits, summed over the batch: rows are
// independent in evaluation mode, so each row has its own gradient.
func (t *tapped) differentiate(logits *graph.Node, names []string) {
	if len(names) == 0 {
		return
	}
	ends := make([]*graph.Node, len(names))
	for i, name := range names {
		ends[i] = t.nodes[name].Output
	}
	for c := range t.c {
		f := graph.ReduceAllSum(graph.Slice(logits, graph.AxisRange(), graph.AxisElem(c)))
		for i, g := range graph.Gradient(f, ends...) {
			t.deltas[names[i]] = append(t.deltas[names[i]], g)
		}
	}
}

// input is x [B, in, T], with the unit's scale inside: the token axis last, as the products
// over tokens want it on the left.
func (t *tapped) input(u unit) *graph.Node {
	x := graph.Reshape(t.nodes[u.name].Input, t.b, -1, u.in)
	if u.scale != 1 {
		x = graph.MulScalar(x, u.scale)
	}
	return graph.TransposeAllAxes(x, 0, 2, 1)
}

// delta is δ [B, T, out] per class.
func (t *tapped) delta(u unit) []*graph.Node {
	list := make([]*graph.Node, t.c)
	for c, d := range t.deltas[u.name] {
		list[c] = graph.Reshape(d, t.b, -1, u.out)
	}
	return list
}

// vector is a vector unit's Jacobian [B, out] per class.
func (t *tapped) vector(u unit) []*graph.Node {
	list := make([]*graph.Node, t.c)
	for c := range t.c {
		var parts []*graph.Node
		for _, v := range u.vectors {
			d := t.deltas[v.tap][c]
			if v.gain {
				d = graph.Mul(d, t.nodes[v.tap].Input)
			}
			parts = append(parts, graph.ReduceSum(graph.Reshape(d, t.b, -1, v.size), 1))
		}
		list[c] = graph.Concatenate(parts, -1)
	}
	return list
}

// table is δ at the embeddings' output [B, T, h] per class.
func (t *tapped) table() []*graph.Node {
	list := make([]*graph.Node, t.c)
	for c, d := range t.deltas["embeddings"] {
		list[c] = graph.Reshape(d, t.b, t.t, -1)
	}
	return list
}

// onHost copies a tensor of either precision to the host.
func onHost(t *tensors.Tensor) ([]float64, error) {
	if t.DType() == dtypes.Float64 {
		return tensors.CopyFlatData[float64](t)
	}
	narrow, err := tensors.CopyFlatData[float32](t)
	return widened(narrow), err
}

func allOnHost(list []*tensors.Tensor) (out [][]float64, err error) {
	for _, t := range list {
		flat, err := onHost(t)
		if err != nil {
			return nil, err
		}
		out = append(out, flat)
	}
	return out, nil
}

func widened(narrow []float32) []float64 {
	out := make([]float64, len(narrow))
	for i, v := range narrow {
		out[i] = float64(v)
	}
	return out
}
