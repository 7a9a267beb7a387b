package ntk

import (
	"fmt"
	"slices"
	"strings"

	"lpft/lpftlib/encoder"
)

// The parameter groups of docs/protocol.md, Parameter groups. Blocks count from 0: "attention.0", "ffn.0", "lora.0".
const (
	WordGroup      = "embeddings.word" // word embedding
	RestGroup      = "embeddings.rest" // position and type embeddings, embedding LayerNorm
	attentionGroup = "attention."      // query, key, value, output, LayerNorm of one block
	ffnGroup       = "ffn."            // both dense layers and LayerNorm of one block
	loraGroup      = "lora."           // LoRA factors of one block
)

// unitKind tells how a unit's Gram matrix is computed.
type unitKind int

const (
	denseUnit  unitKind = iota // a matrix: Σ_t δ_t ⊗ x_t
	vectorUnit                 // biases and LayerNorm parameters of a group: short rows, formed at once
	tableUnit                  // rows of an embedding table: Σ over the tokens that took the row
)

// unit is a piece of a group's parameters whose Gram matrix is computed by itself.
type unit struct {
	group   string
	kind    unitKind
	name    string   // dense: tap's name; table: tensor's name
	in, out int      // dense: weight [out, in]; vector: out numbers
	scale   float64  // of a dense unit's gradient: LoRA's s for B, else 1
	first   bool     // δ is zero beyond the first token
	vectors []vector // of a vector unit, in column order
}

// wide is the larger side of a unit, which chunks are cut from.
func (u unit) wide() int { return max(u.in, u.out) }

// vector is a bias or LayerNorm parameter.
type vector struct {
	tap  string
	gain bool // Σ_t δ_t ⊙ x̂_t, else Σ_t δ_t
	size int
}

// parameter is the tensor's name.
func (v vector) parameter() string {
	if v.gain {
		return v.tap + ".weight"
	}
	return v.tap + ".bias"
}

// Groups lists the names of the model's parameter groups in the order of the forward pass:
// those that the method trains. For LoRA these are the factors' groups only.
func (m *Model) Groups() []string {
	cfg := m.Weights.Config
	if m.LoRA != nil {
		var names []string
		for i := range cfg.Layers {
			if name := fmt.Sprint(loraGroup, i); len(m.loraUnits(name)) > 0 {
				names = append(names, name)
			}
		}
		return names
	}
	names := []string{WordGroup, RestGroup}
	for i := range cfg.Layers {
		names = append(names, fmt.Sprint(attentionGroup, i), fmt.Sprint(ffnGroup, i))
	}
	return names
}

// allGroups adds the frozen groups, which may be asked for by name.
func (m *Model) allGroups() []string {
	frozen := Model{Weights: m.Weights}
	if m.LoRA == nil {
		return frozen.Groups()
	}
	return append(frozen.Groups(), m.Groups()...)
}

// units are the pieces of the named groups, upper blocks first: their reverse pass is shorter.
func (m *Model) units(groups []string) []unit {
	var out []unit
	for _, g := range slices.Backward(m.allGroups()) {
		if slices.Contains(groups, g) {
			out = append(out, m.groupUnits(g)...)
		}
	}
	return out
}

func (m *Model) groupUnits(group string) []unit {
	if strings.HasPrefix(group, loraGroup) {
		return m.loraUnits(group)
	}
	cfg := m.Weights.Config
	prefix := ""
	var i int
	switch {
	case group == WordGroup:
		return []unit{{group: group, kind: tableUnit, name: encoder.WordEmbeddings, out: cfg.Hidden}}
	case group == RestGroup:
		return []unit{
			{group: group, kind: tableUnit, name: encoder.PositionEmbeddings, out: cfg.Hidden},
			{group: group, kind: tableUnit, name: encoder.TypeEmbeddings, out: cfg.Hidden},
			m.vectors(group, "embeddings.LayerNorm"),
		}
	case scan(group, attentionGroup, &i):
		prefix = encoder.Layer(i, "attention.")
	case scan(group, ffnGroup, &i):
		prefix = encoder.Layer(i, "")
	}
	var out []unit
	last := i == cfg.Layers-1
	for _, spec := range cfg.Specs() {
		name, isWeight := strings.CutSuffix(spec.Name, ".weight")
		inGroup := strings.HasPrefix(name, prefix) && (strings.HasPrefix(group, attentionGroup) || !strings.Contains(name, ".attention."))
		if !isWeight || !inGroup || len(spec.Shape) != 2 {
			continue
		}
		out = append(out, unit{group: group, kind: denseUnit, name: name, out: spec.Shape[0], in: spec.Shape[1], scale: 1, first: last && firstTokenOnly(name)})
	}
	return append(out, m.vectors(group, prefix))
}

func scan(group, prefix string, i *int) bool {
	_, err := fmt.Sscanf(group, prefix+"%d", i)
	return err == nil
}

// firstTokenOnly tells that a layer of the last block is read at the first token alone: φ is
// the last layer there, so only keys and values of other tokens matter.
func firstTokenOnly(name string) bool {
	return !strings.Contains(name, "attention.self.key") && !strings.Contains(name, "attention.self.value")
}

// vectors is the unit of a group's biases and LayerNorm parameters.
func (m *Model) vectors(group, prefix string) unit {
	u := unit{group: group, kind: vectorUnit, name: group + " biases and LayerNorm", scale: 1}
	for _, spec := range m.Weights.Config.Specs() {
		inGroup := strings.HasPrefix(spec.Name, prefix) && (!strings.HasPrefix(group, ffnGroup) || !strings.Contains(spec.Name, ".attention."))
		if len(spec.Shape) != 1 || !inGroup {
			continue
		}
		tap, gain := strings.CutSuffix(spec.Name, ".weight")
		tap = strings.TrimSuffix(tap, ".bias")
		u.vectors = append(u.vectors, vector{tap: tap, gain: gain, size: spec.Shape[0]})
		u.out += spec.Shape[0]
	}
	return u
}

// loraUnits are the factors of one block. W x + s·B(Ax): dA = δ_down ⊗ x, dB = s·δ ⊗ (Ax).
func (m *Model) loraUnits(group string) []unit {
	var i int
	if m.LoRA == nil || !scan(group, loraGroup, &i) {
		return nil
	}
	last := i == m.Weights.Config.Layers-1
	var out []unit
	for _, spec := range m.LoRA.Specs() {
		if !strings.HasPrefix(spec.Name, encoder.Layer(i, "")) {
			continue
		}
		name := strings.TrimSuffix(spec.Name, ".weight")
		scale := 1.0
		if strings.HasSuffix(name, ".lora_B") {
			scale = m.LoRA.Alpha / float64(m.LoRA.Rank)
		}
		out = append(out, unit{group: group, kind: denseUnit, name: name, out: spec.Shape[0], in: spec.Shape[1], scale: scale, first: last && firstTokenOnly(name)})
	}
	return out
}

// pickGroups checks a selection and puts it in the model's order; nil means all that train.
func (m *Model) pickGroups(names []string, mode EmbeddingMode) ([]string, error) {
	known := m.allGroups()
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("ntk: parameter group %q is not known: the model has %s", name, strings.Join(known, ", "))
		}
	}
	if names == nil {
		names = m.Groups()
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
