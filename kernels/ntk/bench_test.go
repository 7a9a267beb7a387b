package ntk

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/encoder"
)

// miniLM is the shape of all-MiniLM-L6-v2, 22.7 M parameters; weights are random.
var miniLM = encoder.Config{Family: encoder.BERT, VocabSize: 30522, Hidden: 384, Layers: 6, Heads: 12, Intermediate: 1536, MaxPositions: 512,
	TypeVocab: 2, LayerNormEps: 1e-12, InitRange: 0.02}

// robertaBase is the paper's model, 124.6 M parameters; weights are random.
var robertaBase = encoder.Config{Family: encoder.RoBERTa, VocabSize: 50265, Hidden: 768, Layers: 12, Heads: 12, Intermediate: 3072, MaxPositions: 514,
	TypeVocab: 1, PadID: 1, LayerNormEps: 1e-5, InitRange: 0.02}

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
// parts grow with N; RoBERTa-base's N = 250 is the paper's kernel on CB, at T = 128, and takes a card. Each run opens programs of its own and calls twice: the first call compiles,
// the second finds everything compiled, and the parts are the second's. Seconds come by the clock
// and as the process's CPU time, which says more on a machine that does other work.
func BenchmarkNTK(b *testing.B) {
	for _, s := range []struct {
		name string
		cfg  *encoder.Config
		n, t int
	}{{"N=8", &miniLM, 8, 64}, {"N=16", &miniLM, 16, 64}, {"N=32", &miniLM, 32, 64}, {"N=64", &miniLM, 64, 64}, {"RoBERTa-base", &robertaBase, 250, 128}} {
		b.Run(s.name, func(b *testing.B) {
			be := openBackend(b)
			if s.cfg == &robertaBase && be.Engine != "xla:cuda" {
				b.Skip("takes hours on a processor: GOMLX_BACKEND=xla:cuda")
			}
			m, head, texts := &Model{Weights: encoder.RandomWeights(s.cfg, 1)}, randomHead(3, s.cfg.Hidden, 1), benchTexts(s.n, s.t)
			sums := map[string]float64{}
			for b.Loop() {
				programs := NewPrograms(be)
				for _, call := range []string{"first", "second"} {
					start, cpu := time.Now(), cpuSeconds(b)
					split := &untilGram{Context: context.Background(), cpu: func() float64 { return cpuSeconds(b) }}
					k, err := Compute(split, m, head, texts, nil, Options{Backend: be, Programs: programs})
					require.NoError(b, err)
					end := cpuSeconds(b)
					sums[call+"-s"] += time.Since(start).Seconds()
					sums[call+"-cpu-s"] += end - cpu
					if call == "second" {
						sums["reverse-s"] += k.Report.Reverse
						sums["gram-s"] += k.Report.Gram
						sums["reverse-cpu-s"] += split.at - cpu
						sums["gram-cpu-s"] += end - split.at
						sums["gram-GFLOP"] += k.Report.GramFlops / 1e9
					}
				}
				sums["programs"] += float64(programs.Built())
				programs.Close()
			}
			for unit, sum := range sums {
				b.ReportMetric(sum/float64(b.N), unit)
			}
			b.ReportMetric(peakMiB(b), "peak-MiB")
		})
	}
}

// untilGram is a context that is first asked for its error when the reverse passes are done, and
// notes the CPU time then.
type untilGram struct {
	context.Context
	cpu func() float64
	at  float64
}

func (c *untilGram) Err() error {
	if c.at == 0 {
		c.at = c.cpu()
	}
	return nil
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
	cpu := cpuSeconds(b)
	for b.Loop() {
		step()
	}
	cpu = cpuSeconds(b) - cpu
	gflop := float64(be.Lanes()*b.N) * 2 * n * n * n / 1e9
	b.ReportMetric(gflop/b.Elapsed().Seconds(), "GFLOP/s")
	if cpu > 0 {
		b.ReportMetric(gflop/cpu, "GFLOP/cpu-s")
	}
}

// cpuSeconds is the processor time that the process has used, 0 where the system does not say.
func cpuSeconds(b *testing.B) float64 {
	data, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[strings.LastIndex(string(data), ")")+1:]))
	var user, system float64 // in hundredths of a second, fields 14 and 15 of the whole line
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	require.NoError(b, err)
	return (user + system) / 100
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

// BenchmarkGrow is how a kernel in blocks of 256 rows grows with N at a small shape (two blocks of width 64, C = 2,
// T = 16): seconds, F's seconds a pair of rows, and the peak of memory. LPFT_BENCH_ROWS names other N, such as 5000.
func BenchmarkGrow(b *testing.B) {
	small := encoder.Config{Family: encoder.BERT, VocabSize: 30522, Hidden: 64, Layers: 2, Heads: 4, Intermediate: 256, MaxPositions: 64,
		TypeVocab: 2, LayerNormEps: 1e-12, InitRange: 0.05}
	sizes := []int{64, 128, 256, 512, 1024}
	if asked := os.Getenv("LPFT_BENCH_ROWS"); asked != "" {
		var n int
		_, err := fmt.Sscan(asked, &n)
		require.NoError(b, err)
		sizes = []int{n}
	}
	be := openBackend(b)
	programs := NewPrograms(be)
	defer programs.Close()
	m, head := &Model{Weights: encoder.RandomWeights(&small, 1)}, randomHead(2, small.Hidden, 1)
	for _, n := range sizes {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) {
			for b.Loop() {
				blocked, err := Grow(context.Background(), m, head, benchTexts(n, 16), b.TempDir(), GrowOptions{BlockRows: 256, Options: Options{Backend: be, Programs: programs}})
				require.NoError(b, err)
				require.Equal(b, n, blocked.N())
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(n)/float64(n)*1e6, "µs/pair")
			b.ReportMetric(peakMiB(b), "peak-MiB")
		})
	}
}
