package kernels

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/encoder"
)

// miniLM is the shape of all-MiniLM-L6-v2, 22.7 M parameters; weights are random.
var miniLM = encoder.Config{Family: encoder.BERT, VocabSize: 30522, Hidden: 384, Layers: 6, Heads: 12, Intermediate: 1536, MaxPositions: 512,
	TypeVocab: 2, LayerNormEps: 1e-12, InitRange: 0.02}

// benchTexts are n texts of t tokens without padding.
func benchTexts(n, t int) []encoder.Encoding {
	out := make([]encoder.Encoding, n)
	for i := range out {
		e := encoder.Encoding{IDs: make([]int32, t), TypeIDs: make([]int32, t)}
		for j := range e.IDs {
			e.IDs[j] = int32(1000 + (i*7919+j*104729)%29000)
		}
		out[i] = e
	}
	return out
}

// BenchmarkNTK is the exact training kernel of all parameters, C = 3, T = 64, and how its two
// parts grow with N. The first run of a shape compiles and is not counted.
func BenchmarkNTK(b *testing.B) {
	for _, n := range []int{8, 16, 32, 64} {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) {
			be := openBackend(b)
			m, head, texts := &Model{Weights: encoder.RandomWeights(&miniLM, 1)}, randomHead(3, miniLM.Hidden, 1), benchTexts(n, 64)
			var reverse, gram, flops float64
			for b.Loop() {
				k, err := NTK(context.Background(), m, head, texts, nil, Options{Backend: be})
				require.NoError(b, err)
				reverse, gram, flops = reverse+k.Report.Reverse, gram+k.Report.Gram, flops+k.Report.GramFlops
			}
			runs := float64(b.N)
			b.ReportMetric(reverse/runs, "reverse-s")
			b.ReportMetric(gram/runs, "gram-s")
			b.ReportMetric(flops/gram/1e9, "gram-GFLOP/s")
			b.ReportMetric(peakMiB(b), "peak-MiB")
		})
	}
}

// BenchmarkMatmul is the engine's float32 matrix rate at 2048³, with as many products at once
// as the kernel has: what the Gram part is measured against.
func BenchmarkMatmul(b *testing.B) {
	const n = 2048
	be := openBackend(b)
	exec, err := graph.NewExec(be.Backend, func(x, y *graph.Node) *graph.Node { return graph.MatMul(x, y) })
	require.NoError(b, err)
	defer exec.Finalize()
	x, y := tensors.FromFlatDataAndDimensions(make([]float32, n*n), n, n), tensors.FromFlatDataAndDimensions(make([]float32, n*n), n, n)
	require.NoError(b, be.Place([]*tensors.Tensor{x, y}))
	step := func() {
		var lanes errgroup.Group
		for range be.Lanes() {
			lanes.Go(func() error {
				out, err := exec.Exec(x, y)
				if err == nil {
					out[0].FinalizeAll()
				}
				return err
			})
		}
		require.NoError(b, lanes.Wait())
	}
	step()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(be.Lanes()*b.N)*2*n*n*n/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// peakMiB is the process's largest resident size so far, 0 where the system does not say.
func peakMiB(b *testing.B) float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	var kib float64
	_, err = fmt.Sscan(rest, &kib)
	require.NoError(b, err)
	return kib / 1024
}
