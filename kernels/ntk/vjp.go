package ntk

import (
	"context"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// trained are the tensors of the chosen groups: what the Jacobian J is taken by.
type trained struct {
	names  []string
	shapes [][]int
}

// trained lists them.
func (in *input) trained() (t trained) {
	for _, u := range in.d.units(in.groups) {
		names := []string{u.parameter}
		if u.kind == vectorUnit {
			names = nil
			for _, v := range u.vectors {
				names = append(names, v.parameter)
			}
		}
		for _, name := range names {
			t.names, t.shapes = append(t.names, name), append(t.shapes, in.d.parameter(name).Shape)
		}
	}
	return t
}

// size counts the tensors' numbers.
func (t trained) size() (n int) {
	for _, shape := range t.shapes {
		n += product(shape)
	}
	return n
}

// split is one array of all the tensors' numbers as one for each tensor.
func (t trained) split(all []float64) [][]float64 {
	out := make([][]float64, len(t.shapes))
	for i, shape := range t.shapes {
		out[i], all = all[:product(shape)], all[product(shape):]
	}
	return out
}

// openWhole opens a network for products with the Jacobian of whole tensors.
func openWhole(network Network, head *head.Head, rows []encoder.Encoding, opt Options) (*input, *engine, error) {
	if sampled(opt.Embedding) {
		return nil, nil, fmt.Errorf("ntk: products in embedding mode %q: expected exact or skip", opt.Embedding)
	}
	return open(network, head, rows, nil, opt)
}

// cut cuts rows into device batches.
func (e *engine) cut(rows []encoder.Encoding) []*batch {
	return batches(rows, nil, e.be.Engine, shapeOf(e.be.Engine).tokens, e.d.MaxTokens)
}

// vjp adds Jᵀv to u, Σ_id v_id ∂f_d(x_i)/∂θ for v [N, C]: one reverse pass a batch. It returns the rows' features [N, h].
func (e *engine) vjp(ctx context.Context, of trained, list []*batch, v []float64, u [][]float64) (phi []float64, err error) {
	a := e.arch
	exec, err := e.programs.exec(fmt.Sprintf("Jᵀv, %s: gradient of %q", a.key(), of.names), func(nodes []*graph.Node) []*graph.Node {
		m := a.bind(nodes)
		weighted := graph.ReduceAllSum(graph.Mul(m.logits, graph.ConvertDType(nodes[len(nodes)-1], a.dtype)))
		parameters := make([]*graph.Node, len(of.names))
		for i, name := range of.names {
			parameters[i] = m.Parameter(name)
		}
		out := graph.Gradient(weighted, parameters...)
		return append([]*graph.Node{graph.ConvertDType(m.phi, dtypes.Float64)}, out...)
	})
	if err != nil {
		return nil, err
	}
	h, c := e.d.Width, e.classes
	phi = make([]float64, len(v)/c*h)
	err = inOrder(ctx, len(list), e.be.Lanes(), func(i int) ([][]float64, error) {
		b := list[i]
		weights := make([]float64, b.b*c) // copies that fill a batch weigh 0
		for k, row := range b.rows {
			copy(weights[k*c:], v[row*c:(row+1)*c])
		}
		return e.execute(exec, b, tensors.FromFlatDataAndDimensions(weights, b.b, c))
	}, func(i int, out [][]float64) {
		for k, row := range list[i].rows {
			copy(phi[row*h:], out[0][k*h:(k+1)*h])
		}
		for k, sum := range u {
			for j, g := range out[k+1] {
				sum[j] += g
			}
		}
	})
	e.d.clearPads(of, u)
	return phi, err
}

// clearPads zeroes what Hugging Face's padding_idx keeps from moving.
func (d *Description) clearPads(of trained, u [][]float64) {
	for i, name := range of.names {
		for _, l := range d.Layers {
			if l.Kind == Table && l.Weight == name && l.NoGradient >= 0 {
				clear(u[i][l.NoGradient*l.Out : (l.NoGradient+1)*l.Out])
			}
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
	return moveToHost(outputs)
}
