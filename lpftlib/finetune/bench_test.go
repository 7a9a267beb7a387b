package finetune

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
)

// miniLM is all-MiniLM-L6-v2's shape with the vocabulary that a small task leaves of it.
var miniLM = encoder.Config{
	Family: encoder.BERT, VocabSize: 3000, Hidden: 384, Layers: 6, Heads: 12, Intermediate: 1536, MaxPositions: 512, TypeVocab: 2,
	LayerNormEps: 1e-12, HiddenDropout: 0.1, AttentionDropout: 0.1, InitRange: 0.02,
}

// BenchmarkStep is one training step, dropout on, at MiniLM's shape: 16 texts of one length.
func BenchmarkStep(b *testing.B) {
	for _, tokens := range []int{16, 96} {
		b.Run(fmt.Sprintf("16x%d", tokens), func(b *testing.B) {
			be, err := backend.Open("")
			require.NoError(b, err)
			var set Set
			for i := range 64 {
				e := encoder.Encoding{IDs: make([]int32, tokens), TypeIDs: make([]int32, tokens)}
				for j := range e.IDs {
					e.IDs[j] = int32(1 + (i*31+j*17)%2999)
				}
				set.Texts, set.Labels = append(set.Texts, e), append(set.Labels, i%3)
			}
			start := Start{Weights: encoder.RandomWeights(&miniLM, 1), Head: NewHead(3, miniLM.Hidden, 0.02, 1)}
			recipe := Recipe{Epochs: 1 << 20, Batch: 16, LearningRate: 1e-5, Clip: 1, Seed: 1, Dropout: true, EvalsPerEpoch: 1}
			tr, err := newTrainer(be, start, Data{Train: set, Val: set}, recipe, Hooks{Score: accuracy})
			require.NoError(b, err)
			defer tr.close()
			step := func() {
				rows, _ := tr.rowsOfStep()
				var s Step
				grads, _, err := tr.batchGradients(rows, &s)
				require.NoError(b, err)
				_, err = tr.state.apply(tr.engine, grads, 1e-5)
				require.NoError(b, err)
			}
			step() // compiles
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(16*tokens), "tokens/op")
		})
	}
}
