package finetune

import (
	"slices"

	"lpft/lpftlib/encoder"
)

// vocabulary is the part of the word embedding that occurs in the data. Training it alone
// is exact: other rows get no gradient and Adam without weight decay does not move them.
type vocabulary struct {
	full *encoder.Config
	cfg  *encoder.Config // full with VocabSize = len(rows)
	rows []int32         // compact id → original id, increasing; the pad id is always there
	back map[int32]int32 // original id → compact id
}

func newVocabulary(cfg *encoder.Config, sets ...[]encoder.Encoding) *vocabulary {
	seen := map[int32]bool{int32(cfg.PadID): true}
	for _, encodings := range sets {
		for _, e := range encodings {
			for _, id := range e.IDs {
				seen[id] = true
			}
		}
	}
	v := &vocabulary{full: cfg, back: make(map[int32]int32, len(seen))}
	for id := range seen {
		v.rows = append(v.rows, id)
	}
	slices.Sort(v.rows)
	for i, id := range v.rows {
		v.back[id] = int32(i)
	}
	compact := *cfg
	compact.VocabSize = len(v.rows)
	compact.PadID = int(v.back[int32(cfg.PadID)])
	v.cfg = &compact
	return v
}

// batch pads encodings with original ids, so that position ids come out right, and then
// renames the ids.
func (v *vocabulary) batch(encodings []encoder.Encoding, t int) (*encoder.Batch, error) {
	b, err := v.full.NewBatch(encodings, t)
	if err != nil {
		return nil, err
	}
	for i, id := range b.IDs {
		b.IDs[i] = v.back[id]
	}
	return b, nil
}

// pick takes the embedding's rows that are trained.
func (v *vocabulary) pick(table []float32) []float32 {
	h := v.full.Hidden
	out := make([]float32, 0, len(v.rows)*h)
	for _, id := range v.rows {
		out = append(out, table[int(id)*h:(int(id)+1)*h]...)
	}
	return out
}

// place writes trained rows back into a copy of the whole table.
func (v *vocabulary) place(table, rows []float32) []float32 {
	h := v.full.Hidden
	out := slices.Clone(table)
	for i, id := range v.rows {
		copy(out[int(id)*h:(int(id)+1)*h], rows[i*h:(i+1)*h])
	}
	return out
}
