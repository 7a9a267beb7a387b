package finetune

import (
	"math/rand/v2"

	"lpft/lpftlib/stage"
)

// Recipe are the hyperparameters of a run.
type Recipe = stage.Recipe

// Adam's constants.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// stream separates the uses of one seed: two uses never share random numbers.
type stream uint64

const (
	streamHead stream = iota + 1 // package head draws from it
	streamOrder
	streamDropout
)

func generator(seed uint64, use stream, at uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(use)<<48|at))
}

// Order is the order in which epoch (from 0) visits n training rows. Linear probing sees
// its rows in the order of epoch 0 (docs/protocol.md, Linear probing).
func Order(seed uint64, epoch, n int) []int {
	return generator(seed, streamOrder, uint64(epoch)).Perm(n)
}
