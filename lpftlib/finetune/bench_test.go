package finetune

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
)

// With the vocabulary that a small task leaves of a model's.
var (
	miniLM = encoder.Config{Family: encoder.BERT, VocabSize: 3000, Hidden: 384, Layers: 6, Heads: 12, Intermediate: 1536, MaxPositions: 512,
		TypeVocab: 2, LayerNormEps: 1e-12, HiddenDropout: 0.1, AttentionDropout: 0.1, InitRange: 0.02}
	robertaBase = encoder.Config{Family: encoder.RoBERTa, VocabSize: 3000, Hidden: 768, Layers: 12, Heads: 12, Intermediate: 3072, MaxPositions: 514,
		TypeVocab: 1, PadID: 1, LayerNormEps: 1e-5, HiddenDropout: 0.1, AttentionDropout: 0.1, InitRange: 0.02}
	stepShapes = []struct {
		name string
		cfg  encoder.Config
		b, t int
	}{{"MiniLM-16x16", miniLM, 16, 16}, {"MiniLM-16x64", miniLM, 16, 64}, {"RoBERTa-base-8x128", robertaBase, 8, 128}, {"RoBERTa-base-32x128", robertaBase, 32, 128}}
)

// BenchmarkStep is one training step, dropout on: texts of one length.
func BenchmarkStep(b *testing.B) {
	for _, s := range stepShapes {
		b.Run(s.name, func(b *testing.B) {
			be, err := backend.Open("")
			require.NoError(b, err)
			var set Set
			for i := range 2 * s.b {
				e := encoder.Encoding{IDs: make([]int32, s.t), TypeIDs: make([]int32, s.t)}
				for j := range e.IDs {
					e.IDs[j] = int32(2 + (i*31+j*17)%2900)
				}
				set.Texts, set.Labels = append(set.Texts, e), append(set.Labels, i%3)
			}
			start := Start{Weights: encoder.RandomWeights(&s.cfg, 1), Head: NewHead(3, s.cfg.Hidden, 0.02, 1)}
			recipe := Recipe{Epochs: 1 << 20, Batch: s.b, LearningRate: 1e-5, Clip: 1, Seed: 1, Dropout: true, EvalsPerEpoch: 1}
			tr, err := newTrainer(be, start, Data{Train: set, Val: set}, recipe, Hooks{Score: accuracy})
			require.NoError(b, err)
			step := func() {
				rows := tr.rowsOfStep()
				var s Step
				grads, _, err := tr.batchGradients(rows, &s)
				require.NoError(b, err)
				_, err = tr.state.apply(tr.engine, grads, 1e-5)
				require.NoError(b, err)
				_, err = tr.state.head() // as every step does; waits for the end
				require.NoError(b, err)
			}
			b.ReportMetric(float64(s.b*s.t)/fastest(b, step).Seconds(), "tokens/s")
		})
	}
}

// fastest is the time of the fastest of a benchmark's steps, as on a machine at rest; the peers'
// figures are taken alike (bench/peers/shapes.py).
func fastest(b *testing.B, step func()) time.Duration {
	step() // compiles
	best := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		step()
		best = min(best, time.Since(start))
	}
	return best
}
