package study

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/finetune"
	"lpft/lpftlib/probe"
)

// RandomHead is the head that FT and LoRA start from, as training draws it.
func RandomHead(cfg *encoder.Config, classes int, seed uint64) *ntk.Head {
	h := finetune.NewHead(classes, cfg.Hidden, cfg.InitRange, seed)
	return &ntk.Head{Weight: widen(h.Weight), Bias: widen(h.Bias)}
}

// ProbeHead is the head that LP-FT and LP-LoRA start from, not halved: linear probing on the
// pre-trained features of the whole training split, rows in the order of the seed's first
// epoch, as [Session.Probe] fits it. The kernel's subset plays no part in it.
func ProbeHead(ctx context.Context, phi []float32, labels []int, classes int, seed uint64, report func(done, total int)) (*probe.Head, error) {
	if len(labels) == 0 || len(phi)%len(labels) != 0 {
		return nil, fmt.Errorf("linear probing: %d feature values for %d rows", len(phi), len(labels))
	}
	all := &Features{Splits: map[string]*mat.Dense{"train": dense(phi, len(labels), len(phi)/len(labels))}, Labels: map[string][]int{"train": labels}}
	x, y := shuffled(all, seed)
	return probe.Fit(ctx, x, y, classes, probe.Options{Progress: report})
}

// StartsFromLP tells whether the FT stage begins with a linear probe's head.
func (m Method) StartsFromLP() bool { return m.startsFromLP() }

// LoRA's rank and α in the paper (protocol section 7); profiles may set others.
const (
	loraRank  = 8
	loraAlpha = 8
)

// Factors are the rank and α of the method's LoRA factors; rank 0 where it trains all parameters.
func (m Method) Factors() (rank int, alpha float64) {
	if m.LowRank() {
		return loraRank, loraAlpha
	}
	return 0, 0
}

func widen(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
