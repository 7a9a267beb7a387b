package finetune

import "lpft/lpftlib/head"

// NewHead draws the random head of FT and LoRA: see [head.Random].
func NewHead(classes, hidden int, std float64, seed uint64) *head.Head {
	return head.Random(classes, hidden, std, seed)
}
