package ntk

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
)

// check refuses a description that contradicts itself, and parameters that are not finite: a
// kernel of them would be wrong, or NaN, after hours.
func (d *Description) check() error {
	if d.Key == "" || d.Width < 1 || d.MaxTokens < 1 || len(d.Inputs) == 0 || len(d.Layers) == 0 {
		return fmt.Errorf("ntk: description with key %q, width %d, at most %d tokens, %d inputs, %d layers: expected some of each", d.Key, d.Width, d.MaxTokens, len(d.Inputs), len(d.Layers))
	}
	params := map[string]*Parameter{}
	for i := range d.Parameters {
		p := &d.Parameters[i]
		if params[p.Name] != nil {
			return fmt.Errorf("ntk: parameter %q is described twice", p.Name)
		}
		if params[p.Name] = p; len(p.Data) != product(p.Shape) {
			return fmt.Errorf("ntk: parameter %q: %d numbers of shape %v: expected %d", p.Name, len(p.Data), p.Shape, product(p.Shape))
		}
		if i := slices.IndexFunc(p.Data, func(v float32) bool { return notFinite(float64(v)) }); i >= 0 {
			return fmt.Errorf("ntk: tensor %q: number %d is %v: expected finite numbers; the checkpoint is broken or training diverged", p.Name, i, p.Data[i])
		}
	}
	owner := map[string]string{}
	names := map[string]bool{}
	for i := range d.Layers {
		l := &d.Layers[i]
		if names[l.Name] {
			return fmt.Errorf("ntk: layer %q is described twice", l.Name)
		}
		names[l.Name] = true
		if err := l.check(d, params, owner); err != nil {
			return fmt.Errorf("ntk: layer %q (%s): %w", l.Name, l.Kind, err)
		}
	}
	for _, p := range d.Parameters {
		if owner[p.Name] == "" {
			return fmt.Errorf("ntk: parameter %q belongs to no layer: the engine knows dense layers, norms (or biases) and embedding tables; write a convolution as a dense layer on gathered inputs, or leave the parameter out if it is frozen", p.Name)
		}
	}
	return nil
}

func (l *Layer) check(d *Description, params map[string]*Parameter, owner map[string]string) error {
	if l.Group == "" || l.Out < 1 || l.Kind == Dense && l.In < 1 {
		return fmt.Errorf("group %q, %d in, %d out: expected a group and positive sizes", l.Group, l.In, l.Out)
	}
	if l.Scale != 0 && (l.Kind != Dense || l.Bias != "") {
		return fmt.Errorf("a scale of %v: expected on a dense layer without a bias", l.Scale)
	}
	if l.Weight == "" && (l.Kind != Norm || l.Bias == "") {
		return fmt.Errorf("no weight: only a norm may have a bias alone")
	}
	weight := []int{l.Out}
	switch {
	case l.Kind == Dense && l.Transposed:
		weight = []int{l.In, l.Out}
	case l.Kind == Dense:
		weight = []int{l.Out, l.In}
	case l.Kind == Table:
		if !slices.Contains(d.Inputs, l.Index) {
			return fmt.Errorf("index %q: expected one of the inputs %q", l.Index, d.Inputs)
		}
		if p := params[l.Weight]; p != nil && len(p.Shape) > 0 {
			weight = []int{p.Shape[0], l.Out}
			if l.NoGradient >= p.Shape[0] {
				return fmt.Errorf("row %d has no gradient: the table has %d rows", l.NoGradient, p.Shape[0])
			}
		}
		if l.Bias != "" {
			return fmt.Errorf("bias %q: a table has none", l.Bias)
		}
	}
	for _, part := range []struct {
		name  string
		shape []int
	}{{l.Weight, weight}, {l.Bias, []int{l.Out}}} {
		if part.name == "" {
			continue
		}
		p := params[part.name]
		switch {
		case p == nil:
			return fmt.Errorf("parameter %q is not described", part.name)
		case !slices.Equal(p.Shape, part.shape):
			return fmt.Errorf("parameter %q has shape %v: expected %v", part.name, p.Shape, part.shape)
		case owner[part.name] != "":
			return fmt.Errorf("parameter %q belongs to layer %q already: parameters that are used twice are not supported", part.name, owner[part.name])
		}
		owner[part.name] = l.Name
	}
	return nil
}

// scale is s, 1 where none is given.
func (l *Layer) scale() float64 {
	if l.Scale == 0 {
		return 1
	}
	return l.Scale
}

// programKey tells networks apart whose graphs differ.
func (d *Description) programKey() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %d %q %+v", d.Key, d.Width, d.Inputs, d.Layers)
	return d.Key + " " + hex.EncodeToString(sum.Sum(nil)[:8])
}

// digest is of everything that a kernel of the network depends on, its numbers included.
func (d *Description) digest() string {
	sum := sha256.New()
	fmt.Fprintln(sum, d.programKey())
	var raw []byte
	for _, p := range d.Parameters {
		fmt.Fprintf(sum, "%q %v\n", p.Name, p.Shape)
		raw = raw[:0]
		for _, v := range p.Data {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		sum.Write(raw)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// parameter is a parameter by name; check has seen that it is there.
func (d *Description) parameter(name string) *Parameter {
	for i := range d.Parameters {
		if d.Parameters[i].Name == name {
			return &d.Parameters[i]
		}
	}
	return nil
}

// widest is the largest side of a dense layer, and the largest layer's number of weights.
func (d *Description) widest() (side, area int) {
	for _, l := range d.Layers {
		if l.Kind == Dense {
			side, area = max(side, l.In, l.Out), max(area, l.In*l.Out)
		}
	}
	return side, area
}

func notFinite(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }
