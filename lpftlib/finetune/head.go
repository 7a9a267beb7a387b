package finetune

import "lpft/lpftlib/head"

// NewHead draws the random head of FT and LoRA: V ~ N(0, std²), b = 0, in float32 as it is trained
// (docs/protocol.md, Model).
func NewHead(classes, hidden int, std float64, seed uint64) *head.Head {
	rng := generator(seed, streamHead, 0)
	h := head.New(classes, hidden)
	for i, v := 0, h.Weight(); i < len(v); i++ {
		v[i] = float64(float32(rng.NormFloat64() * std))
	}
	return h
}
