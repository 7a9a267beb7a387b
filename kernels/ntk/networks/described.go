package networks

import (
	"fmt"
	"maps"
	"slices"

	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
)

// described builds a description from a checkpoint's tensors, layer by layer.
type described struct {
	ntk.Description
	path    string
	tensors map[string]encoder.NamedTensor // what no layer has taken yet
	err     error                          // the first
}

// take moves a tensor into the description.
func (d *described) take(name string, shape ...int) string {
	t, ok := d.tensors[name]
	delete(d.tensors, name)
	switch {
	case d.err != nil:
	case !ok:
		d.err = fmt.Errorf("%s: tensor %q of shape %v is missing", d.path, name, shape)
	case !slices.Equal(t.Shape, shape):
		d.err = fmt.Errorf("%s: tensor %q has shape %v: config.json asks for %v", d.path, t.Name, t.Shape, shape)
	}
	d.Parameters = append(d.Parameters, ntk.Parameter{Name: name, Shape: shape, Data: t.Data})
	return name
}

func (d *described) table(name, group, index string, rows, width, noGradient int) {
	d.Layers = append(d.Layers, ntk.Layer{Name: name, Kind: ntk.Table, Group: group, Weight: d.take(name+".weight", rows, width), Out: width, Index: index, NoGradient: noGradient})
}

func (d *described) norm(name, group string, width int) {
	d.Layers = append(d.Layers, ntk.Layer{Name: name, Kind: ntk.Norm, Group: group, Weight: d.take(name+".weight", width), Bias: d.take(name+".bias", width), Out: width})
}

func (d *described) dense(name, group string, in, out int) {
	d.Layers = append(d.Layers, ntk.Layer{Name: name, Kind: ntk.Dense, Group: group, Weight: d.take(name+".weight", out, in), Bias: d.take(name+".bias", out), In: in, Out: out})
}

// conv1D is GPT-2's name for a dense layer whose weight lies as [in, out].
func (d *described) conv1D(name, group string, in, out int) {
	d.Layers = append(d.Layers, ntk.Layer{Name: name, Kind: ntk.Dense, Group: group, Weight: d.take(name+".weight", in, out), Bias: d.take(name+".bias", out), In: in, Out: out, Transposed: true})
}

// done is the first error, or that a tensor of the encoder was not asked for.
func (d *described) done() error {
	if d.err != nil {
		return d.err
	}
	for _, name := range slices.Sorted(maps.Keys(d.tensors)) {
		return fmt.Errorf("%s: unknown tensor %q: not part of the network that config.json describes", d.path, d.tensors[name].Name)
	}
	return nil
}

// block names a part of block i.
func block(prefix string, i int, part string) string { return fmt.Sprintf("%s.%d.%s", prefix, i, part) }
