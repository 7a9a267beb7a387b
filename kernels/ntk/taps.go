package ntk

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
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
	args, err := e.inputs(b)
	if err != nil {
		return nil, nil, err
	}
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
	return phi[:b.n*r.d.Width], out, nil
}

// graph is the whole of one batch: forward, then one reverse pass a class.
func (r *reverse) graph(in []*graph.Node) []*graph.Node {
	m := r.bind(in)
	t := m.tapped(r.classes)
	t.differentiate(m.logits, layerNames(r.units))
	w := &outputs{list: []*graph.Node{graph.ConvertDType(m.phi, dtypes.Float64)}, at: map[inputKey]int{}, tables: map[*graph.Node]int{}}
	var slots []slot
	for _, u := range r.units {
		var s slot
		switch {
		case u.kind == denseUnit:
			s = slot{w.input(t, u), w.add(t.delta(u)...)}
		case u.kind == vectorUnit:
			s.delta = w.add(t.vector(u)...)
		case u.group == WordGroup && r.masked:
			masked := m.tapped(r.classes)
			masked.differentiate(m.masked, []string{u.name})
			s.delta = w.add(masked.table(u)...)
		default:
			s.delta = w.table(t, u)
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
	list   []*graph.Node
	at     map[inputKey]int
	tables map[*graph.Node]int // δ of the tables, by the node that they are summed in
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
	key := inputKey{t.taps[u.name].input, u.scale}
	if _, ok := w.at[key]; !ok {
		w.at[key] = w.add(t.input(u))
	}
	return w.at[key]
}

func (w *outputs) table(t *tapped, u unit) int {
	node := t.taps[u.name].output
	if _, ok := w.tables[node]; !ok {
		w.tables[node] = w.add(t.table(u)...)
	}
	return w.tables[node]
}

// layerNames are the layers that units read, each once.
func layerNames(units []unit) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, u := range units {
		if u.kind != vectorUnit {
			add(u.name)
		}
		for _, v := range u.vectors {
			add(v.layer)
		}
	}
	return names
}

// tapped shapes taps and their gradients.
type tapped struct {
	*Pass
	c      int
	deltas map[string][]*graph.Node // by layer: per class [B·T, out]
}

func (m bound) tapped(classes int) *tapped {
	return &tapped{Pass: m.Pass, c: classes, deltas: map[string][]*graph.Node{}}
}

// differentiate takes the gradient of each class's logits, summed over the batch: rows are
// independent in evaluation mode, so each row has its own gradient.
func (t *tapped) differentiate(logits *graph.Node, names []string) {
	if len(names) == 0 {
		return
	}
	var ends []*graph.Node // tables that are summed share one
	at := map[*graph.Node]int{}
	for _, name := range names {
		end := t.taps[name].output
		if _, ok := at[end]; !ok {
			at[end] = len(ends)
			ends = append(ends, end)
		}
	}
	for c := range t.c {
		f := graph.ReduceAllSum(graph.Slice(logits, graph.AxisRange(), graph.AxisElem(c)))
		gradients := graph.Gradient(f, ends...)
		for _, name := range names {
			t.deltas[name] = append(t.deltas[name], gradients[at[t.taps[name].output]])
		}
	}
}

// input is x [B, in, T], with the unit's scale inside: the token axis last, as the products
// over tokens want it on the left.
func (t *tapped) input(u unit) *graph.Node {
	x := graph.Reshape(t.taps[u.name].input, t.B, -1, u.in)
	if u.scale != 1 {
		x = graph.MulScalar(x, u.scale)
	}
	return graph.TransposeAllAxes(x, 0, 2, 1)
}

// delta is δ [B, T, out] per class.
func (t *tapped) delta(u unit) []*graph.Node {
	list := make([]*graph.Node, t.c)
	for c, d := range t.deltas[u.name] {
		list[c] = graph.Reshape(d, t.B, -1, u.out)
	}
	return list
}

// vector is a vector unit's Jacobian [B, out] per class.
func (t *tapped) vector(u unit) []*graph.Node {
	list := make([]*graph.Node, t.c)
	for c := range t.c {
		var parts []*graph.Node
		for _, v := range u.vectors {
			d := t.deltas[v.layer][c]
			if v.gain {
				d = graph.Mul(d, t.taps[v.layer].input)
			}
			parts = append(parts, graph.ReduceSum(graph.Reshape(d, t.B, -1, v.size), 1))
		}
		list[c] = graph.Concatenate(parts, -1)
	}
	return list
}

// table is δ at the embeddings' output [B, T, h] per class.
func (t *tapped) table(u unit) []*graph.Node {
	list := make([]*graph.Node, t.c)
	for c, d := range t.deltas[u.name] {
		list[c] = graph.Reshape(d, t.B, t.T, u.out)
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

// moveToHost copies tensors to the host and frees them on the device.
func moveToHost(list []*tensors.Tensor) ([][]float64, error) {
	defer kept{delta: list}.free()
	return allOnHost(list)
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
