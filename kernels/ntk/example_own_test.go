package ntk_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// average is an encoder of one's own: the mean of its words' embeddings through a dense layer and a
// tanh, φ = tanh(W·mean + b).
type average struct{ table, weight, bias ntk.Parameter }

const words, width, features = 20, 4, 3

func newAverage() *average {
	numbers := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(math.Sin(float64(i)))
		}
		return out
	}
	return &average{
		table:  ntk.Parameter{Name: "words", Shape: []int{words, width}, Data: numbers(words * width)},
		weight: ntk.Parameter{Name: "dense.weight", Shape: []int{features, width}, Data: numbers(features * width)},
		bias:   ntk.Parameter{Name: "dense.bias", Shape: []int{features}, Data: numbers(features)},
	}
}

// Describe says which parameters there are, which layer each belongs to, and how F is split.
func (a *average) Describe() *ntk.Description {
	return &ntk.Description{
		Key: "average", Width: features, MaxTokens: 128, Inputs: []string{"ids"},
		Parameters: []ntk.Parameter{a.table, a.weight, a.bias},
		Layers: []ntk.Layer{
			{Name: "words", Kind: ntk.Table, Group: ntk.WordGroup, Weight: "words", Out: width, Index: "ids", NoGradient: -1},
			{Name: "dense", Kind: ntk.Dense, Group: "dense", Weight: "dense.weight", Bias: "dense.bias", In: width, Out: features, OneToken: true},
		},
	}
}

// Batch pads to t tokens.
func (a *average) Batch(texts []encoder.Encoding, t int) (*ntk.Batch, error) {
	b := &ntk.Batch{Index: map[string][]int32{"ids": make([]int32, len(texts)*t)}, Mask: make([]float32, len(texts)*t)}
	for i, text := range texts {
		for k, id := range text.IDs {
			b.Index["ids"][i*t+k], b.Mask[i*t+k] = id, 1
		}
	}
	return b, nil
}

// Forward is the GoMLX graph; Record tells the engine what goes into a layer and comes out.
func (a *average) Forward(p *ntk.Pass) *graph.Node {
	x := graph.Gather(p.Parameter("words"), graph.Reshape(p.Index("ids"), -1, 1)) // [B·T, width]
	p.Record("words", nil, x)
	x = graph.Mul(graph.Reshape(x, p.B, p.T, width), graph.ExpandDims(p.Mask, -1)) // padding counts nothing
	mean := graph.Div(graph.ReduceSum(x, 1), graph.ExpandDims(graph.ReduceSum(p.Mask, 1), -1))
	y := graph.Add(graph.DotGeneral(mean, []int{1}, nil, p.Parameter("dense.weight"), []int{1}, nil), graph.ExpandDims(p.Parameter("dense.bias"), 0))
	p.Record("dense", mean, y)
	return graph.Tanh(y)
}

// The kernel of an encoder of one's own, which describes itself to the engine.
func Example_ownEncoder() {
	be, err := backend.Open("")
	if err != nil {
		log.Fatal(err)
	}
	v := head.New(2, features)
	copy(v.Weight(), []float64{1, 0, -1, 0.5, 2, 0})
	texts := []encoder.Encoding{{IDs: []int32{1, 5, 2}}, {IDs: []int32{7, 5}}}
	k, err := ntk.Compute(context.Background(), newAverage(), v, texts, nil, ntk.Options{Backend: be})
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range k.Groups {
		fmt.Printf("%s: %.3f\n", g.Name, g.Train.At(0, 0, 1, 0))
	}
	// Output:
	// embeddings.word: 0.205
	// dense: 1.250
}
