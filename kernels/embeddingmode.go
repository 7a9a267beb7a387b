package kernels

import "fmt"

// EmbeddingMode says what is done with the word embedding (docs/protocol.md, Embedding modes).
type EmbeddingMode string

const (
	// ExactEmbedding sums δ at the embedding's output over each token of the vocabulary that occurs.
	ExactEmbedding EmbeddingMode = "exact"
	// SkipEmbedding leaves the word embedding out; positions, types and LayerNorm stay.
	SkipEmbedding EmbeddingMode = "skip"
	// Paper10Embedding is the estimate of the paper's code: 10 % of the table's entries, drawn once, and for
	// every row its own 10 % of the features; each Jacobian divided by 0.1 and the kernel by 0.1.
	Paper10Embedding EmbeddingMode = "paper-10"
	// Paper10ReleasedEmbedding adds the row error of the released code: with batch size 1 row k's Jacobian is
	// written to row 8k, and what falls beyond the end is lost.
	Paper10ReleasedEmbedding EmbeddingMode = "paper-10-released"
)

// ParseEmbeddingMode reads a mode's name; "" is exact.
func ParseEmbeddingMode(name string) (EmbeddingMode, error) {
	switch m := EmbeddingMode(name); m {
	case "":
		return ExactEmbedding, nil
	case ExactEmbedding, SkipEmbedding, Paper10Embedding, Paper10ReleasedEmbedding:
		return m, nil
	}
	return "", fmt.Errorf("embedding mode %q is not known: there are exact, skip, paper-10, paper-10-released", name)
}
