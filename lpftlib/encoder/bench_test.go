package encoder

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/backend"
)

// benchShape is a model and a batch; weights are random, the vocabulary that of a small task.
type benchShape struct {
	name string
	cfg  Config
	b, t int
}

var (
	miniLM = Config{Family: BERT, VocabSize: 3000, Hidden: 384, Layers: 6, Heads: 12, Intermediate: 1536, MaxPositions: 512,
		TypeVocab: 2, LayerNormEps: 1e-12, InitRange: 0.02}
	robertaBase = Config{Family: RoBERTa, VocabSize: 3000, Hidden: 768, Layers: 12, Heads: 12, Intermediate: 3072, MaxPositions: 514,
		TypeVocab: 1, PadID: 1, LayerNormEps: 1e-5, InitRange: 0.02}
	benchShapes = []benchShape{{"MiniLM-16x64", miniLM, 16, 64}, {"RoBERTa-base-8x128", robertaBase, 8, 128}, {"RoBERTa-base-32x128", robertaBase, 32, 128}}
)

// texts are n texts of the shape's length.
func (s benchShape) texts(n int) []Encoding {
	out := make([]Encoding, n)
	for i := range out {
		e := Encoding{IDs: make([]int32, s.t), TypeIDs: make([]int32, s.t)}
		for j := range e.IDs {
			e.IDs[j] = int32(2 + (i*31+j*17)%2900)
		}
		out[i] = e
	}
	return out
}

// BenchmarkForward is feature extraction: as many device batches as the engine takes at once.
func BenchmarkForward(b *testing.B) {
	for _, s := range benchShapes {
		b.Run(s.name, func(b *testing.B) {
			be, err := backend.Open("")
			require.NoError(b, err)
			run, err := NewRunner(be, RandomWeights(&s.cfg, 1), nil)
			require.NoError(b, err)
			run.tokens.Store(int64(s.b * s.t))
			texts := s.texts(s.b * be.Lanes())
			step := func() {
				_, err := run.Features(context.Background(), texts, nil)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(len(texts)*s.t)/fastest(b, step).Seconds(), "tokens/s")
		})
	}
}

// BenchmarkForwardBackward is the gradient of a scalar of φ with respect to every parameter,
// as many device batches at once as training runs.
func BenchmarkForwardBackward(b *testing.B) {
	for _, s := range benchShapes {
		b.Run(s.name, func(b *testing.B) {
			be, err := backend.Open("")
			require.NoError(b, err)
			exec, err := graph.NewExec(be.Backend, func(in []*graph.Node) []*graph.Node {
				p, _ := s.cfg.BindParams(in[4:])
				hidden := s.cfg.Forward(p, Inputs{in[0], in[1], in[2], in[3]}, ForwardOptions{})
				return graph.Gradient(graph.ReduceAllSum(graph.Square(hidden.First)), in[4:]...)
			})
			require.NoError(b, err)
			defer exec.Finalize()
			batch, err := s.cfg.NewBatch(s.texts(s.b), s.t)
			require.NoError(b, err)
			params := RandomWeights(&s.cfg, 1).Device()
			require.NoError(b, be.Place(params))
			step := func() {
				var lanes errgroup.Group
				for range be.Lanes() {
					lanes.Go(func() error { return gradientOnce(exec, batch, params) })
				}
				require.NoError(b, lanes.Wait())
			}
			b.ReportMetric(float64(be.Lanes()*s.b*s.t)/fastest(b, step).Seconds(), "tokens/s")
		})
	}
}

// gradientOnce runs one device batch and frees the gradients.
func gradientOnce(exec *graph.Exec, batch *Batch, params []*tensors.Tensor) error {
	args := batch.Tensors()
	for _, p := range params {
		args = append(args, p)
	}
	gradients, err := exec.Exec(args...)
	if err != nil {
		return err
	}
	_, err = tensors.CopyFlatData[float32](gradients[len(gradients)-1]) // waits for the end
	for _, g := range gradients {
		g.FinalizeAll()
	}
	return err
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
