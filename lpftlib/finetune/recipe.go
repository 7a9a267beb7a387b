package finetune

import (
	"math/rand/v2"

	"lpft/kernels/dynamics"
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

// Adam is a run's optimiser as it trains a model that is linear in its parameters.
func Adam() dynamics.Adam { return dynamics.Adam{Beta1: beta1, Beta2: beta2, Epsilon: epsilon} }

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

// Batches are the mini-batches and learning rates of a run's steps on n training rows, in order: what its prediction from
// a kernel follows too.
func Batches(r Recipe, n int) []dynamics.Step {
	perEpoch := r.StepsPerEpoch(n)
	steps := make([]dynamics.Step, 0, r.Epochs*perEpoch)
	for epoch := range r.Epochs {
		order := Order(r.Seed, epoch, n)
		for from := 0; from < n; from += r.Batch {
			steps = append(steps, dynamics.Step{Rows: order[from:min(from+r.Batch, n)], Rate: r.Rate(len(steps), r.Epochs*perEpoch)})
		}
	}
	return steps
}
