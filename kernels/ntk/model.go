package ntk

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// Model is BERT or RoBERTa at the start of the FT stage, as a [Network]. With LoRA factors the
// trainable parameters are the factors (docs/protocol.md, LoRA), without them all of the encoder's.
type Model struct {
	Weights *encoder.Weights
	LoRA    *encoder.LoRAWeights // nil: FT and LP-FT
}

// The parameter groups of docs/protocol.md, Parameter groups. Blocks count from 0: "attention.0", "ffn.0", "lora.0".
const (
	WordGroup      = "embeddings.word" // word embedding
	RestGroup      = "embeddings.rest" // position and type embeddings, embedding LayerNorm
	attentionGroup = "attention."      // query, key, value, output, LayerNorm of one block
	ffnGroup       = "ffn."            // both dense layers and LayerNorm of one block
	loraGroup      = "lora."           // LoRA factors of one block
)

// The inputs of a [Model].
const (
	ids       = "ids"
	positions = "positions"
	types     = "types"
)

// FeatureHead is V = I, b = 0: the "logits" are the h features, and F of it is Θ^φ.
func FeatureHead(h int) *head.Head {
	identity := head.New(h, h)
	for k := range h {
		identity.V.Set(k, k, 1)
	}
	return identity
}

// Describe implements [Network].
func (m *Model) Describe() *Description {
	cfg := m.Weights.Config
	d := &Description{Key: fmt.Sprintf("%+v", *cfg), Width: cfg.Hidden, MaxTokens: cfg.MaxTokens(), Inputs: []string{ids, positions, types},
		Blocks: cfg.Layers, Heads: cfg.Heads}
	for _, spec := range cfg.Specs() {
		d.Parameters = append(d.Parameters, Parameter{spec.Name, spec.Shape, m.Weights.Tensors[spec.Name]})
		if l, ok := m.layer(spec); ok {
			d.Layers = append(d.Layers, l)
		}
	}
	return m.describeLoRA(d)
}

// layer is the one that a tensor is the weight of; biases have none of their own.
func (m *Model) layer(spec encoder.TensorSpec) (l Layer, ok bool) {
	cfg := m.Weights.Config
	name, ok := strings.CutSuffix(spec.Name, ".weight")
	l = Layer{Name: name, Group: GroupOfTensor(spec.Name), Weight: spec.Name, Bias: name + ".bias", Out: spec.Shape[0], NoGradient: -1, Frozen: m.LoRA != nil}
	switch spec.Name {
	case encoder.WordEmbeddings:
		l.Index, l.NoGradient = ids, cfg.PadID
	case encoder.PositionEmbeddings:
		l.Index = positions
		if cfg.Family == encoder.RoBERTa {
			l.NoGradient = cfg.PadID
		}
	case encoder.TypeEmbeddings:
		l.Index = types
	}
	switch {
	case l.Index != "":
		l.Kind, l.Name, l.Bias, l.Out = Table, spec.Name, "", cfg.Hidden
	case len(spec.Shape) == 1:
		l.Kind = Norm
	default:
		l.Kind, l.In = Dense, spec.Shape[1]
	}
	l.OneToken = m.oneToken(name)
	return l, ok
}

// GroupOfTensor is the parameter group of an encoder's tensor: "attention.3" of "encoder.layer.3.attention.self.query.weight".
func GroupOfTensor(name string) string {
	var i int
	switch {
	case name == encoder.WordEmbeddings:
		return WordGroup
	case strings.HasPrefix(name, "embeddings."):
		return RestGroup
	}
	fmt.Sscanf(name, "encoder.layer.%d.", &i)
	if strings.Contains(name, ".attention.") {
		return fmt.Sprint(attentionGroup, i)
	}
	return fmt.Sprint(ffnGroup, i)
}

// oneToken tells that a layer of the last block is computed at the first token alone: φ is the
// last block's output there, so only keys and values of other tokens matter.
func (m *Model) oneToken(name string) bool {
	return strings.HasPrefix(name, encoder.Layer(m.Weights.Config.Layers-1, "")) &&
		!strings.Contains(name, "attention.self.key") && !strings.Contains(name, "attention.self.value")
}

// describeLoRA adds the factors. W x + s·B(Ax): A and B are dense layers without biases.
func (m *Model) describeLoRA(d *Description) *Description {
	if m.LoRA == nil {
		return d
	}
	d.Key += fmt.Sprintf(", r = %d, α = %g on %q", m.LoRA.Rank, m.LoRA.Alpha, m.LoRA.Layers)
	for i, data := range m.LoRA.Data() {
		spec := m.LoRA.Specs()[i]
		d.Parameters = append(d.Parameters, Parameter{spec.Name, spec.Shape, data})
	}
	for i := range m.Weights.Config.Layers {
		for _, spec := range m.LoRA.Specs() {
			if !strings.HasPrefix(spec.Name, encoder.Layer(i, "")) {
				continue
			}
			l := Layer{Name: strings.TrimSuffix(spec.Name, ".weight"), Group: fmt.Sprint(loraGroup, i), Weight: spec.Name, Out: spec.Shape[0], In: spec.Shape[1], NoGradient: -1, OneToken: m.oneToken(spec.Name)}
			if strings.HasSuffix(l.Name, ".lora_B") {
				l.Scale = m.LoRA.Alpha / float64(m.LoRA.Rank)
			}
			d.Layers = append(d.Layers, l)
		}
	}
	return d
}

// Batch implements [Network].
func (m *Model) Batch(texts []encoder.Encoding, t int) (*Batch, error) {
	b, err := m.Weights.Config.NewBatch(texts, t)
	if err != nil {
		return nil, err
	}
	return &Batch{Index: map[string][]int32{ids: b.IDs, positions: b.Positions, types: b.Types}, Mask: b.Mask}, nil
}

// Forward implements [Network]: the one forward pass that training and features have too.
func (m *Model) Forward(p *Pass) *graph.Node {
	params := encoder.Params{}
	for _, spec := range m.Weights.Config.Specs() {
		params[spec.Name] = p.Parameter(spec.Name)
	}
	var factors []*graph.Node
	for _, spec := range m.LoRA.Specs() {
		factors = append(factors, p.Parameter(spec.Name))
	}
	var taps []encoder.Tap
	hidden := m.Weights.Config.Forward(params, encoder.Inputs{IDs: p.Index(ids), Positions: p.Index(positions), Types: p.Index(types), Mask: p.Mask},
		encoder.ForwardOptions{LoRA: m.LoRA.Bind(factors), Taps: &taps, FirstOnly: true})
	for _, tap := range taps {
		if tap.Kind != encoder.Embedding {
			p.Record(tap.Name, tap.Input, tap.Output)
			continue
		}
		for _, table := range []string{encoder.WordEmbeddings, encoder.PositionEmbeddings, encoder.TypeEmbeddings} {
			p.Record(table, nil, tap.Output)
		}
	}
	return hidden.First
}
