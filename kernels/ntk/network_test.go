package ntk_test

import (
	"context"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/kernels/ntk"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

var ownTexts = []encoder.Encoding{{IDs: []int32{1, 5, 2, 5}}, {IDs: []int32{7, 5}}, {IDs: []int32{3}}}

func ownHead() *head.Head {
	v := head.New(2, features)
	copy(v.Weight(), []float64{1, 0, -1, 0.5, 2, 0})
	return v
}

// The Jacobian of an encoder that the engine does not know is the one of central differences.
func TestOwnEncoderAgainstDifferences(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	opt := ntk.Options{Backend: be, Float64: true, Programs: ntk.NewPrograms(be)}
	defer opt.Programs.Close()
	a := newAverage()
	k, err := ntk.Compute(context.Background(), a, ownHead(), ownTexts, nil, opt)
	require.NoError(t, err)
	require.NoError(t, k.Check())
	logits := func() []float64 {
		_, out, err := ntk.Evaluate(context.Background(), a, ownHead(), ownTexts, opt)
		require.NoError(t, err)
		return out.RawMatrix().Data
	}
	const step = 1.0 / 256 // exact in float32
	for i, parameters := range [][]*ntk.Parameter{{&a.table}, {&a.weight, &a.bias}} {
		var j []float64 // [p, N·C]
		n := 0
		for _, p := range parameters {
			for at := range p.Data {
				before := p.Data[at]
				p.Data[at] = before + step
				up, plus := logits(), float64(p.Data[at])
				p.Data[at] = before - step
				down := logits()
				for r := range up {
					j = append(j, (up[r]-down[r])/(plus-float64(p.Data[at])))
				}
				p.Data[at] = before
				n++
			}
		}
		matrix := mat.NewDense(n, len(j)/n, j)
		var gram mat.Dense
		gram.Mul(matrix.T(), matrix)
		for r, want := range gram.RawMatrix().Data {
			require.InDelta(t, want, k.Groups[i].Train.Data[r], 1e-4, k.Groups[i].Name)
		}
	}
}

// lying is an encoder that says or does something else.
type lying struct {
	*average
	describe func(d *ntk.Description)
	batch    func(b *ntk.Batch)
	forward  func(p *ntk.Pass) *graph.Node
}

func (l lying) Describe() *ntk.Description {
	d := l.average.Describe()
	if l.describe != nil {
		l.describe(d)
	}
	return d
}

func (l lying) Batch(texts []encoder.Encoding, t int) (*ntk.Batch, error) {
	b, err := l.average.Batch(texts, t)
	if l.batch != nil {
		l.batch(b)
	}
	return b, err
}

func (l lying) Forward(p *ntk.Pass) *graph.Node {
	if l.forward != nil {
		return l.forward(p)
	}
	return l.average.Forward(p)
}

// Whatever a description says that is not so ends in one line that names the layer or parameter.
func TestLyingEncoders(t *testing.T) {
	be, err := backend.Open("")
	require.NoError(t, err)
	change := func(f func(d *ntk.Description)) lying { return lying{describe: f} }
	forward := func(f func(p *ntk.Pass) *graph.Node) lying { return lying{forward: f} }
	for name, c := range map[string]struct {
		network lying
		want    string
	}{
		"a shape":           {change(func(d *ntk.Description) { d.Layers[1].In = 5 }), `"dense.weight" has shape [3 4]: expected [3 5]`},
		"too few numbers":   {change(func(d *ntk.Description) { d.Parameters[2].Data = []float32{1} }), `"dense.bias": 1 numbers of shape [3]`},
		"no layer":          {change(func(d *ntk.Description) { d.Layers[1].Bias = "" }), `"dense.bias" belongs to no layer`},
		"two layers":        {change(func(d *ntk.Description) { d.Layers[0].Name = "dense" }), `layer "dense" is described twice`},
		"shared weights":    {change(func(d *ntk.Description) { d.Layers = append(d.Layers, d.Layers[1]); d.Layers[2].Name = "again" }), `belongs to layer "dense" already`},
		"parameter twice":   {change(func(d *ntk.Description) { d.Parameters = append(d.Parameters, d.Parameters[0]) }), `"words" is described twice`},
		"no such parameter": {change(func(d *ntk.Description) { d.Layers[1].Bias = "bias" }), `parameter "bias" is not described`},
		"no such input":     {change(func(d *ntk.Description) { d.Layers[0].Index = "words" }), `index "words"`},
		"no group":          {change(func(d *ntk.Description) { d.Layers[1].Group = "" }), `group ""`},
		"no key":            {change(func(d *ntk.Description) { d.Key = "" }), `key ""`},
		"scaled bias":       {change(func(d *ntk.Description) { d.Layers[1].Scale = 2 }), "without a bias"},
		"padding row":       {change(func(d *ntk.Description) { d.Layers[0].NoGradient = 20 }), "the table has 20 rows"},
		"width":             {change(func(d *ntk.Description) { d.Width = 5 }), "[C, 5]"},
		"positions":         {change(func(d *ntk.Description) { d.Layers[1].OneToken = false }), `layer "dense" has an output of shape`},
		"short batch":       {lying{batch: func(b *ntk.Batch) { b.Index["ids"] = b.Index["ids"][1:] }}, `of "ids": expected [B, T]`},
		"no mask":           {lying{batch: func(b *ntk.Batch) { b.Mask = nil }}, "a mask of 0 numbers"},
		"never recorded": {forward(func(p *ntk.Pass) *graph.Node {
			return graph.ReduceSum(graph.Gather(p.Parameter("words"), graph.ExpandDims(p.Index("ids"), -1)), 1)
		}), "[B, h]"},
		"unknown name":   {forward(func(p *ntk.Pass) *graph.Node { return p.Parameter("conv.weight") }), `"conv.weight" is not in the network's description`},
		"unknown input":  {forward(func(p *ntk.Pass) *graph.Node { return p.Index("pixels") }), `"pixels" is not among the network's Inputs`},
		"recorded twice": {forward(func(p *ntk.Pass) *graph.Node { p.Record("dense", nil, nil); p.Record("dense", nil, nil); return nil }), "recorded twice"},
		"described, nowhere": {change(func(d *ntk.Description) {
			d.Layers = slices.Insert(d.Layers, 0, ntk.Layer{Name: "ghost", Kind: ntk.Norm, Group: "g", Bias: "ghost.bias", Out: 2})
			d.Parameters = append(d.Parameters, ntk.Parameter{Name: "ghost.bias", Shape: []int{2}, Data: []float32{1, 2}})
		}), `"ghost" is described and never recorded`},
	} {
		t.Run(name, func(t *testing.T) {
			c.network.average = newAverage()
			v := ownHead()
			_, err := ntk.Compute(context.Background(), c.network, v, ownTexts, nil, ntk.Options{Backend: be})
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}
