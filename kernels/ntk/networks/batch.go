package networks

import (
	"fmt"

	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
)

// The inputs of networks without token types.
const (
	ids       = "ids"
	positions = "positions"
)

// batch pads texts to t tokens; positions count from 0. Token types do not exist here and may
// only be 0.
func batch(d *ntk.Description, vocabulary, pad int, texts []encoder.Encoding, t int) (*ntk.Batch, error) {
	n := len(texts) * t
	b := &ntk.Batch{Index: map[string][]int32{ids: make([]int32, n), positions: make([]int32, n)}, Mask: make([]float32, n)}
	for i, text := range texts {
		if len(text.IDs) < 1 || len(text.IDs) > min(t, d.MaxTokens) {
			return nil, fmt.Errorf("text %d has %d tokens: expected 1 to %d", i, len(text.IDs), min(t, d.MaxTokens))
		}
		for k := range t {
			at := i*t + k
			if k >= len(text.IDs) {
				b.Index[ids][at] = int32(pad)
				continue
			}
			id := text.IDs[k]
			if id < 0 || int(id) >= vocabulary {
				return nil, fmt.Errorf("text %d: token id %d lies outside the model's vocabulary of %d: tokenizer and model do not belong together", i, id, vocabulary)
			}
			b.Index[ids][at], b.Index[positions][at], b.Mask[at] = id, int32(k), 1
		}
	}
	return b, nil
}
