package networks

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
)

// DistilBERT is Sanh et al.'s encoder, arXiv 1910.01108: BERT's blocks without token types. φ is the
// last block's output at the first token.
type DistilBERT struct {
	d                              ntk.Description
	vocabulary, pad, layers, heads int
}

// LoadDistilBERT reads a folder with config.json and model.safetensors.
func LoadDistilBERT(dir string) (*DistilBERT, error) {
	s, err := readSettings(dir)
	if err != nil {
		return nil, err
	}
	n := &DistilBERT{vocabulary: s.size("vocab_size", 30522), layers: s.size("n_layers", 6), heads: s.size("n_heads", 12)}
	h, ffn, longest := s.size("dim", 768), s.size("hidden_dim", 3072), s.size("max_position_embeddings", 512)
	s.get("pad_token_id", &n.pad)
	s.only("model_type", "distilbert")
	s.only("activation", "gelu")
	s.only("sinusoidal_pos_embds", false)
	if s.err == nil && (h%n.heads != 0 || n.pad < 0 || n.pad >= n.vocabulary) {
		return nil, fmt.Errorf("%s: dim %d with n_heads %d, pad_token_id %d with vocab_size %d: do not fit", s.path, h, n.heads, n.pad, n.vocabulary)
	}
	d, err := s.open(dir, func(name string) string {
		name = strings.TrimPrefix(name, "distilbert.")
		if name == "embeddings.position_ids" || !strings.HasPrefix(name, "embeddings.") && !strings.HasPrefix(name, "transformer.") {
			return "" // a buffer, or a task's head
		}
		return name
	})
	if err != nil {
		return nil, err
	}
	d.Key, d.Width, d.MaxTokens, d.Inputs = fmt.Sprintf("DistilBERT, %d heads", n.heads), h, longest, []string{ids, positions}
	d.Blocks, d.Heads = n.layers, n.heads
	d.table("embeddings.word_embeddings", ntk.WordGroup, ids, n.vocabulary, h, n.pad)
	d.table("embeddings.position_embeddings", ntk.RestGroup, positions, longest, h, -1)
	d.norm("embeddings.LayerNorm", ntk.RestGroup, h)
	for i := range n.layers {
		attention, feed := fmt.Sprint("attention.", i), fmt.Sprint("ffn.", i)
		for _, part := range []string{"q_lin", "k_lin", "v_lin", "out_lin"} {
			d.dense(n.part(i, "attention."+part), attention, h, h)
		}
		d.norm(n.part(i, "sa_layer_norm"), attention, h)
		d.dense(n.part(i, "ffn.lin1"), feed, h, ffn)
		d.dense(n.part(i, "ffn.lin2"), feed, ffn, h)
		d.norm(n.part(i, "output_layer_norm"), feed, h)
	}
	n.d = d.Description
	return n, d.done()
}

func (n *DistilBERT) part(i int, name string) string { return block("transformer.layer", i, name) }

// Describe implements [ntk.Network].
func (n *DistilBERT) Describe() *ntk.Description { return &n.d }

// Batch implements [ntk.Network].
func (n *DistilBERT) Batch(texts []encoder.Encoding, t int) (*ntk.Batch, error) {
	return batch(&n.d, n.vocabulary, n.pad, texts, t)
}

// Forward implements [ntk.Network].
func (n *DistilBERT) Forward(in *ntk.Pass) *graph.Node {
	p := pass{in, 1e-12, n.heads}
	x := graph.Add(p.look("embeddings.word_embeddings", ids), p.look("embeddings.position_embeddings", positions))
	p.Record("embeddings.word_embeddings", nil, x)
	p.Record("embeddings.position_embeddings", nil, x)
	x = p.norm("embeddings.LayerNorm", x)
	bias := p.padding()
	for i := range n.layers {
		attention := func(name string, x *graph.Node) *graph.Node { return p.dense(n.part(i, "attention."+name), x) }
		y := attention("out_lin", p.attend(attention("q_lin", x), attention("k_lin", x), attention("v_lin", x), bias))
		x = p.norm(n.part(i, "sa_layer_norm"), graph.Add(y, x))
		y = p.dense(n.part(i, "ffn.lin2"), gelu(p.dense(n.part(i, "ffn.lin1"), x)))
		x = p.norm(n.part(i, "output_layer_norm"), graph.Add(y, x))
	}
	return p.FirstTokens(x)
}
