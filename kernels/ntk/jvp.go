package ntk

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// jvp is J·u for the features, how far they move when the trained tensors move by u: ⟨∂φ(x_i)/∂θ, u⟩ [M, h], beside the
// features themselves [M, h]. GoMLX has no forward mode, but J·u is the gradient of ⟨Jᵀw, u⟩ by w, whatever w is: the
// reverse pass of a reverse pass, of which XLA computes what a forward mode would.
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
	h := e.d.Width
	phi, moved = make([]float64, rows*h), make([]float64, rows*h)
	err = inOrder(ctx, len(list), e.be.Lanes(), func(i int) ([][]float64, error) { return e.execute(exec, list[i], more...) },
		func(i int, out [][]float64) {
			for k, row := range list[i].rows {
				copy(phi[row*h:], out[0][k*h:(k+1)*h])
				copy(moved[row*h:], out[1][k*h:(k+1)*h])
			}
		})
	return phi, moved, err
}

// moves builds [B, h] features and how far they move when the named tensors, last among the inputs, do.
func (a arch) moves(names []string, in []*graph.Node) []*graph.Node {
	defer noSecondGradient()
	m := a.bind(in)
	w := graph.ZerosLike(m.phi)
	parameters := make([]*graph.Node, len(names))
	for i, name := range names {
		parameters[i] = m.Parameter(name)
	}
	var sum *graph.Node
	for i, g := range graph.Gradient(graph.ReduceAllSum(graph.Mul(m.phi, w)), parameters...) {
		term := graph.ReduceAllSum(graph.Mul(g, in[len(in)-len(names)+i]))
		if sum == nil {
			sum = term
			continue
		}
		sum = graph.Add(sum, term)
	}
	moved := graph.Gradient(sum, w)[0]
	return []*graph.Node{graph.ConvertDType(m.phi, dtypes.Float64), graph.ConvertDType(moved, dtypes.Float64)}
}

// noSecondGradient says what to do about an operation whose gradient GoMLX cannot differentiate again.
func noSecondGradient() {
	if r := recover(); r != nil {
		if strings.Contains(fmt.Sprint(r), "no gradient is defined") {
			line, _, _ := strings.Cut(fmt.Sprint(r), "\n")
			panic(fmt.Errorf("the network is differentiated twice here, and GoMLX cannot do that for one of its operations (for a Slice, take Pass.FirstTokens, Pass.Split or a product with ones and zeros): %s", line))
		}
		panic(r)
	}
}
