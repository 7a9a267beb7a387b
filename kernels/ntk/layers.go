package ntk

import (
	"fmt"
	"slices"
	"strings"
)

// unit is a piece of a group's parameters whose Gram matrix is computed by itself.
type unit struct {
	group      string
	kind       unitKind
	name       string   // the layer's
	parameter  string   // dense, table: the tensor's
	in, out    int      // dense: weight [out, in]; vector: out numbers; table: rows of out numbers
	scale      float64  // of a dense unit's gradient: LoRA's s for B, else 1
	transposed bool     // the weight lies as [in, out]
	oneToken   bool     // one position a text
	index      string   // table: the input that it is read at
	noGradient int      // table: a row that never moves, −1 for none
	vectors    []vector // of a vector unit, in column order
}

// unitKind tells how a unit's Gram matrix is computed.
type unitKind int

const (
	denseUnit  unitKind = iota // a matrix: Σ_t δ_t ⊗ x_t
	vectorUnit                 // biases and LayerNorm parameters of a group: short rows, formed at once
	tableUnit                  // rows of an embedding table: Σ over the tokens that took the row
)

// wide is the larger side of a unit, which chunks are cut from.
func (u unit) wide() int { return max(u.in, u.out) }

// vector is a bias or LayerNorm parameter.
type vector struct {
	layer     string
	parameter string
	gain      bool // Σ_t δ_t ⊙ x̂_t, else Σ_t δ_t
	size      int
}

// Groups lists the names of a network's parameter groups in the order of the forward pass:
// those that train. For LoRA these are the factors' groups only.
func Groups(n Network) []string { return n.Describe().groups(false) }

// groups lists the groups; frozen ones may be asked for by name.
func (d *Description) groups(frozen bool) []string {
	var out []string
	for _, l := range d.Layers {
		if (frozen || !l.Frozen) && !slices.Contains(out, l.Group) {
			out = append(out, l.Group)
		}
	}
	return out
}

// units are the pieces of the named groups, upper blocks first: their reverse pass is shorter.
func (d *Description) units(groups []string) []unit {
	var out []unit
	for _, g := range slices.Backward(d.groups(true)) {
		if slices.Contains(groups, g) {
			out = append(out, d.groupUnits(g)...)
		}
	}
	return out
}

// groupUnits are a group's tables, dense layers, and everything short together.
func (d *Description) groupUnits(group string) []unit {
	var tables, dense []unit
	short := unit{group: group, kind: vectorUnit, name: group + " biases and LayerNorm", scale: 1}
	for _, l := range d.Layers {
		if l.Group != group {
			continue
		}
		u := unit{group: group, name: l.Name, parameter: l.Weight, out: l.Out, scale: l.scale()}
		switch l.Kind {
		case Table:
			u.kind, u.index, u.noGradient = tableUnit, l.Index, l.NoGradient
			tables = append(tables, u)
		case Dense:
			u.kind, u.in, u.transposed, u.oneToken = denseUnit, l.In, l.Transposed, l.OneToken
			dense = append(dense, u)
		case Norm:
			if l.Weight != "" {
				short.vectors = append(short.vectors, vector{l.Name, l.Weight, true, l.Out})
			}
		}
		if l.Bias != "" {
			short.vectors = append(short.vectors, vector{l.Name, l.Bias, false, l.Out})
		}
	}
	for _, v := range short.vectors {
		short.out += v.size
	}
	out := append(tables, dense...)
	if short.out > 0 {
		out = append(out, short)
	}
	return out
}

// pickGroups checks a selection and puts it in the network's order; nil means all that train.
func (d *Description) pickGroups(names []string, mode EmbeddingMode) ([]string, error) {
	known := d.groups(true)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("ntk: parameter group %q is not known: the model has %s", name, strings.Join(known, ", "))
		}
	}
	if names == nil {
		names = d.groups(false)
	}
	var out []string
	for _, name := range known {
		if slices.Contains(names, name) && !(name == WordGroup && mode == SkipEmbedding) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("ntk: no parameter group is left: choose among %s", strings.Join(known, ", "))
	}
	return out, nil
}
