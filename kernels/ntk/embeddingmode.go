package ntk

import (
	"fmt"
	"math/rand/v2"

	"lpft/kernels"
)

// EmbeddingMode says what is done with the word embedding: see [kernels.EmbeddingMode].
type EmbeddingMode = kernels.EmbeddingMode

// The modes.
const (
	ExactEmbedding           = kernels.ExactEmbedding
	SkipEmbedding            = kernels.SkipEmbedding
	Paper10Embedding         = kernels.Paper10Embedding
	Paper10ReleasedEmbedding = kernels.Paper10ReleasedEmbedding
)

// sampled says whether a mode draws entries of the table.
func sampled(m EmbeddingMode) bool {
	return m == Paper10Embedding || m == Paper10ReleasedEmbedding
}

// releasedStride is the released code's default evaluation batch size, by which it misplaces rows.
const releasedStride = 8

// sampling is the draw of the paper-10 modes. The generators are ours (PCG, seeded): the
// released code's draws cannot be repeated, only their law.
type sampling struct {
	hidden  int    // h
	outputs int    // features a row: ⌊h/10⌋
	width   int    // of the table's rows
	entries []bool // [vocabulary, width]: drawn entries, a tenth of them
	seed    uint64
}

const (
	streamEntries = 0x656e7472
	streamOutputs = 0x6f757470
)

func newSampling(vocabulary, width, hidden int, seed uint64) *sampling {
	total := vocabulary * width
	s := &sampling{hidden: hidden, outputs: max(1, hidden/10), width: width, entries: make([]bool, total), seed: seed}
	rng := rand.New(rand.NewPCG(seed, streamEntries))
	left := max(1, total/10)
	for i := range total { // selection sampling: every subset of that size is equally likely
		if rng.IntN(total-i) < left {
			s.entries[i] = true
			left--
		}
	}
	return s
}

// sampledTable draws from the network's word embedding.
func (d *Description) sampledTable(seed uint64) (*sampling, error) {
	for _, l := range d.Layers {
		if l.Group == WordGroup && l.Kind == Table {
			return newSampling(d.parameter(l.Weight).Shape[0], l.Out, d.Width, seed), nil
		}
	}
	return nil, fmt.Errorf("ntk: the paper-10 modes draw from a table of the group %q, which the network does not have: choose the mode exact", WordGroup)
}

// features is row k's factor on each feature: 10 on the drawn ones, else 0. Row k of the
// training and of the test rows have the same draw, as the released generator restarts.
//
// f masked so has for gradient Σ_{j drawn} 10·V_cj ∂φ_j: what the released code builds from
// one reverse pass a drawn feature, in C passes.
func (s *sampling) features(k int) []float64 {
	rng := rand.New(rand.NewPCG(s.seed, streamOutputs+uint64(k)))
	out := make([]float64, s.hidden)
	for _, j := range rng.Perm(s.hidden)[:s.outputs] {
		out[j] = 10
	}
	return out
}

// entry tells whether a table's entry was drawn.
func (s *sampling) entry(token int32, column int) bool {
	return s == nil || s.entries[int(token)*s.width+column]
}

// misplace applies the released code's row error to one side of n rows: the source row of row
// i, or -1 where nothing was written.
func misplace(i int) int {
	if i%releasedStride != 0 {
		return -1
	}
	return i / releasedStride
}
