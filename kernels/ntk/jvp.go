package ntk

import (
	"context"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// jvp is J·u, how far the logits move when the trained tensors move by u: ⟨∂f_c(x_i)/∂θ, u⟩ [M, C]. It comes with the rows'
// features [M, h] and follows from taps: a layer y = xWᵀ + b moves by y' = xUᵀ + u_b when its own parameters do, so that
// ⟨∂f_c/∂θ, u⟩ = Σ_layers Σ_t ⟨δ_ct, y'_t⟩.
func (e *engine) jvp(ctx context.Context, of trained, u [][]float64, list []*batch, rows int) (phi, moved []float64, err error) {
	var more []any
	var placed []*tensors.Tensor
	for i, shape := range of.shapes {
		t := e.upload(u[i], shape...)
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
	a := e.arch
	exec, err := e.programs.exec(fmt.Sprintf("J·u, %s: move along %q", a.key(), of.names), func(nodes []*graph.Node) []*graph.Node { return a.moves(of.names, nodes) })
	if err != nil {
		return nil, nil, err
	}
	h, c := e.d.Width, e.classes
	phi, moved = make([]float64, rows*h), make([]float64, rows*c)
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
		if y := m.layerTangent(l, u); y != nil {
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

// layerTangent is y' [positions, out], the move of a layer's output when its own parameters move by u and
// its input stays; nil where nothing moves.
func (m bound) layerTangent(l *Layer, u map[string]*graph.Node) (sum *graph.Node) {
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
