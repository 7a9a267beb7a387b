package encoder

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/tokenizer"
)

// Encoding is one tokenised text or pair, as the tokenizer gives it.
type Encoding = tokenizer.Encoding

// Batch is a padded batch on the host.
type Batch struct {
	B, T                  int
	IDs, Positions, Types []int32   // [B, T]
	Mask                  []float32 // [B, T]
}

// NewBatch pads encodings to length t and computes position ids: 0, 1, 2, … for BERT,
// PadID+1, PadID+2, … at the tokens and PadID at padding for RoBERTa (docs/protocol.md, Model).
func (c *Config) NewBatch(encodings []Encoding, t int) (*Batch, error) {
	n := len(encodings) * t
	b := &Batch{B: len(encodings), T: t, IDs: make([]int32, n), Positions: make([]int32, n), Types: make([]int32, n), Mask: make([]float32, n)}
	for i, e := range encodings {
		if err := c.checkEncoding(e, t); err != nil {
			return nil, fmt.Errorf("text %d: %w", i, err)
		}
		c.fill(b, i, e)
	}
	return b, nil
}

// Check says why the model cannot read e, or nil: ids and types must lie inside its tables.
func (c *Config) Check(e Encoding) error { return c.checkEncoding(e, len(e.IDs)) }

func (c *Config) checkEncoding(e Encoding, t int) error {
	if len(e.IDs) == 0 || len(e.IDs) != len(e.TypeIDs) {
		return fmt.Errorf("%d ids and %d token types: expected the same positive number", len(e.IDs), len(e.TypeIDs))
	}
	if len(e.IDs) > t {
		return fmt.Errorf("%d tokens do not fit into a batch of length %d", len(e.IDs), t)
	}
	if len(e.IDs) > c.MaxTokens() {
		return fmt.Errorf("%d tokens: the model's position table ends at %d; lower --max-len", len(e.IDs), c.MaxTokens())
	}
	for _, id := range e.IDs {
		if id < 0 || int(id) >= c.VocabSize {
			return fmt.Errorf("token id %d lies outside the model's vocabulary of %d: tokenizer and model do not belong together", id, c.VocabSize)
		}
	}
	for _, id := range e.TypeIDs {
		if id < 0 || int(id) >= c.TypeVocab {
			return fmt.Errorf("token type %d lies outside the model's %d types", id, c.TypeVocab)
		}
	}
	return nil
}

// fill writes encoding e into row i.
func (c *Config) fill(b *Batch, i int, e Encoding) {
	pad := int32(c.PadID)
	position := int32(0)
	if c.Family == RoBERTa {
		position = pad + 1
	}
	for t := range b.T {
		at := i*b.T + t
		if t >= len(e.IDs) {
			b.IDs[at] = pad
			if c.Family == RoBERTa {
				b.Positions[at] = pad
			}
			continue
		}
		b.IDs[at], b.Types[at], b.Mask[at] = e.IDs[t], e.TypeIDs[t], 1
		// Hugging Face counts RoBERTa's positions over tokens that are not the pad id, so a
		// pad id inside the text keeps the padding's position.
		if c.Family == RoBERTa && e.IDs[t] == pad {
			b.Positions[at] = pad
			continue
		}
		b.Positions[at] = position
		position++
	}
}

// Tensors are the batch as graph arguments: ids, positions, types, mask.
func (b *Batch) Tensors() []any {
	return []any{
		tensors.FromFlatDataAndDimensions(b.IDs, b.B, b.T),
		tensors.FromFlatDataAndDimensions(b.Positions, b.B, b.T),
		tensors.FromFlatDataAndDimensions(b.Types, b.B, b.T),
		tensors.FromFlatDataAndDimensions(b.Mask, b.B, b.T),
	}
}
