package networks

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
)

// FinalGroup is the parameter group of GPT-2's last LayerNorm, which belongs to no block.
const FinalGroup = "norm.final"

// GPT2 is Radford et al.'s decoder (2019) as an encoder of texts: causal attention, LayerNorms before
// each part of a block. φ is the last LayerNorm's output at the last token, which the stock
// GPT2ForSequenceClassification reads too.
type GPT2 struct {
	d                         ntk.Description
	vocabulary, layers, heads int
	eps                       float64
}

// LoadGPT2 reads a folder with config.json and model.safetensors.
func LoadGPT2(dir string) (*GPT2, error) {
	s, err := readSettings(dir)
	if err != nil {
		return nil, err
	}
	n := &GPT2{vocabulary: s.size("vocab_size", 50257), layers: s.size("n_layer", 12), heads: s.size("n_head", 12), eps: s.number("layer_norm_epsilon", 1e-5)}
	h, longest := s.size("n_embd", 768), s.size("n_positions", 1024)
	inner := s.size("n_inner", 4*h)
	s.only("model_type", "gpt2")
	s.only("activation_function", "gelu_new")
	s.only("scale_attn_weights", true)
	s.only("scale_attn_by_inverse_layer_idx", false)
	s.only("reorder_and_upcast_attn", false)
	if s.err == nil && h%n.heads != 0 {
		return nil, fmt.Errorf("%s: n_embd %d is not a multiple of n_head %d", s.path, h, n.heads)
	}
	d, err := s.open(dir, n.rename)
	if err != nil {
		return nil, err
	}
	d.Key, d.Width, d.MaxTokens, d.Inputs = fmt.Sprintf("GPT-2, %d heads, ε = %g", n.heads, n.eps), h, longest, []string{ids, positions}
	d.Blocks, d.Heads = n.layers, n.heads
	d.table("wte", ntk.WordGroup, ids, n.vocabulary, h, -1)
	d.table("wpe", ntk.RestGroup, positions, longest, h, -1)
	for i := range n.layers {
		attention, feed := fmt.Sprint("attention.", i), fmt.Sprint("ffn.", i)
		d.norm(block("h", i, "ln_1"), attention, h)
		d.conv1D(block("h", i, "attn.c_attn"), attention, h, 3*h)
		d.conv1D(block("h", i, "attn.c_proj"), attention, h, h)
		d.norm(block("h", i, "ln_2"), feed, h)
		d.conv1D(block("h", i, "mlp.c_fc"), feed, h, inner)
		d.conv1D(block("h", i, "mlp.c_proj"), feed, inner, h)
	}
	d.norm("ln_f", FinalGroup, h)
	n.d = d.Description
	return n, d.done()
}

// rename drops the prefix of models with a head, the heads (the language model's is the word embedding
// again), and the causal masks that old versions stored.
func (n *GPT2) rename(name string) string {
	name = strings.TrimPrefix(name, "transformer.")
	if strings.HasPrefix(name, "lm_head.") || strings.HasPrefix(name, "score.") || strings.HasSuffix(name, ".attn.bias") || strings.HasSuffix(name, ".attn.masked_bias") {
		return ""
	}
	return name
}

// Describe implements [ntk.Network].
func (n *GPT2) Describe() *ntk.Description { return &n.d }

// Batch implements [ntk.Network]. GPT-2 has no padding token; any id will do behind the last token.
func (n *GPT2) Batch(texts []encoder.Encoding, t int) (*ntk.Batch, error) {
	return batch(&n.d, n.vocabulary, 0, texts, t)
}

// Forward implements [ntk.Network].
func (n *GPT2) Forward(in *ntk.Pass) *graph.Node {
	p := pass{in, n.eps, n.heads}
	x := graph.Add(p.look("wte", ids), p.look("wpe", positions))
	p.Record("wte", nil, x)
	p.Record("wpe", nil, x)
	bias := graph.Add(p.causal(), p.padding())
	for i := range n.layers {
		part := func(name string, x *graph.Node) *graph.Node { return p.conv1D(block("h", i, name), x) }
		qkv := p.Split(part("attn.c_attn", p.norm(block("h", i, "ln_1"), x)), 3)
		x = graph.Add(x, part("attn.c_proj", p.attend(qkv[0], qkv[1], qkv[2], bias)))
		x = graph.Add(x, part("mlp.c_proj", geluTanh(part("mlp.c_fc", p.norm(block("h", i, "ln_2"), x)))))
	}
	return p.pick(p.norm("ln_f", x), p.last())
}

// square is the shape [T, T] of token numbers.
func (p pass) square() shapes.Shape { return shapes.Make(dtypes.Int32, p.T, p.T) }
