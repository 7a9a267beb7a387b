package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// fixtures are two-layer checkpoints with biases and LayerNorms away from 0 and 1.
var fixtures = []string{"bert-2", "roberta-2"}

func openBackend(t testing.TB) *backend.Backend {
	t.Helper()
	be, err := backend.Open("")
	require.NoError(t, err)
	return be
}

func loadFixture(t testing.TB, name string) *encoder.Weights {
	t.Helper()
	dir := filepath.Join("..", "lpftlib", "encoder", "testdata", name)
	cfg, err := encoder.ReadConfig(dir)
	require.NoError(t, err)
	w, err := encoder.LoadWeights(dir, cfg)
	require.NoError(t, err)
	return w
}

// randomHead is V, b of a linear head, away from 0.
func randomHead(classes, hidden int, seed uint64) *Head {
	rng := rand.New(rand.NewPCG(seed, 1))
	h := head.New(classes, hidden)
	for i, v := 0, h.Weight(); i < len(v); i++ {
		v[i] = float64(float32(rng.NormFloat64() * 0.3))
	}
	for i := range h.B {
		h.B[i] = float64(float32(rng.NormFloat64()))
	}
	return h
}

// randomTexts have unequal lengths; in each, one token comes at least three times if there is room.
func randomTexts(cfg *encoder.Config, lengths []int, seed uint64) []encoder.Encoding {
	rng := rand.New(rand.NewPCG(seed, 2))
	out := make([]encoder.Encoding, len(lengths))
	for i, n := range lengths {
		e := encoder.Encoding{IDs: make([]int32, n), TypeIDs: make([]int32, n)}
		for t := range n {
			e.IDs[t] = int32(5 + rng.IntN(cfg.VocabSize-5))
			if t%3 == 1 {
				e.IDs[t] = 7
			}
			if t > n/2 {
				e.TypeIDs[t] = int32(cfg.TypeVocab - 1)
			}
		}
		e.IDs[0] = 3
		out[i] = e
	}
	return out
}

// randomLoRA draws factors; B is zero or not.
func randomLoRA(t testing.TB, cfg *encoder.Config, layers []string, rank int, alpha float64, zero bool) *encoder.LoRAWeights {
	t.Helper()
	l, err := encoder.NewLoRA(cfg, layers, rank, alpha, 5)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(6, 6))
	for _, name := range layers {
		for i := range l.B[name] {
			if !zero {
				l.B[name][i] = float32(rng.NormFloat64() * 0.2)
			}
		}
	}
	return l
}

// bruteJacobian is ∂f_c(x)/∂p for one row, one reverse pass a class, by tensor name: [C, size].
// It shares nothing with the package's way but the forward pass: parameters are differentiated
// directly, each text alone and unpadded, in float64.
func bruteJacobian(t testing.TB, m *Model, head *Head, text encoder.Encoding) (phi []float64, jacobian map[string][][]float64) {
	t.Helper()
	be, err := backend.Open("go") // whatever engine is tested
	require.NoError(t, err)
	cfg := m.Weights.Config
	specs := append(cfg.Specs(), m.LoRA.Specs()...)
	exec, err := graph.NewExec(be.Backend, func(in []*graph.Node) []*graph.Node {
		wide := make([]*graph.Node, len(in))
		for i, n := range in {
			wide[i] = n
			if n.DType() == dtypes.Float32 {
				wide[i] = graph.ConvertDType(n, dtypes.Float64)
			}
		}
		params, factors := cfg.BindParams(wide[6:])
		hidden := cfg.Forward(params, encoder.Inputs{IDs: in[0], Positions: in[1], Types: in[2], Mask: wide[3]}, encoder.ForwardOptions{LoRA: m.LoRA.Bind(factors)})
		logits, _ := cfg.HeadLogits(hidden.First, wide[4], wide[5], nil)
		out := []*graph.Node{hidden.First}
		for c := range head.Classes() {
			out = append(out, graph.Gradient(graph.ReduceAllSum(graph.Slice(logits, graph.AxisElem(0), graph.AxisElem(c))), wide[6:]...)...)
		}
		return out
	})
	require.NoError(t, err)
	defer exec.Finalize()
	b, err := cfg.NewBatch([]encoder.Encoding{text}, len(text.IDs))
	require.NoError(t, err)
	args := append(b.Tensors(), tensors.FromFlatDataAndDimensions(head.Weight(), head.Classes(), cfg.Hidden), tensors.FromFlatDataAndDimensions(head.B, head.Classes()))
	for _, p := range m.Weights.Device() {
		args = append(args, p)
	}
	outputs, err := exec.Exec(append(args, m.LoRA.Args()...)...)
	require.NoError(t, err)
	copyOut := func(x *tensors.Tensor) []float64 {
		flat, err := tensors.CopyFlatData[float64](x)
		require.NoError(t, err)
		return flat
	}
	phi, jacobian = copyOut(outputs[0]), map[string][][]float64{}
	for c := range head.Classes() {
		for i, spec := range specs {
			jacobian[spec.Name] = append(jacobian[spec.Name], copyOut(outputs[1+c*len(specs)+i]))
		}
	}
	return phi, jacobian
}

// forwardFloat64 are one text's features for parameters in float64.
func forwardFloat64(t testing.TB, cfg *encoder.Config, params map[string][]float64, text encoder.Encoding) []float64 {
	t.Helper()
	be, err := backend.Open("go")
	require.NoError(t, err)
	exec, err := graph.NewExec(be.Backend, func(in []*graph.Node) *graph.Node {
		p, _ := cfg.BindParams(in[4:])
		return cfg.Forward(p, encoder.Inputs{IDs: in[0], Positions: in[1], Types: in[2], Mask: graph.ConvertDType(in[3], dtypes.Float64)}, encoder.ForwardOptions{}).First
	})
	require.NoError(t, err)
	defer exec.Finalize()
	b, err := cfg.NewBatch([]encoder.Encoding{text}, len(text.IDs))
	require.NoError(t, err)
	args := b.Tensors()
	for _, spec := range cfg.Specs() {
		args = append(args, tensors.FromFlatDataAndDimensions(params[spec.Name], spec.Shape...))
	}
	outputs, err := exec.Exec(args...)
	require.NoError(t, err)
	phi, err := tensors.CopyFlatData[float64](outputs[0])
	require.NoError(t, err)
	return phi
}

// groupOf is the parameter group of a tensor, written down a second time.
func groupOf(name string) string {
	var i int
	switch {
	case strings.HasPrefix(name, "embeddings.word"):
		return "embeddings.word"
	case strings.HasPrefix(name, "embeddings."):
		return "embeddings.rest"
	}
	_, err := fmt.Sscanf(name, "encoder.layer.%d.", &i)
	if err != nil {
		panic(name)
	}
	switch {
	case strings.Contains(name, "lora_"):
		return fmt.Sprintf("lora.%d", i)
	case strings.Contains(name, ".attention."):
		return fmt.Sprintf("attention.%d", i)
	}
	return fmt.Sprintf("ffn.%d", i)
}

// bruteKernels are the Gram matrices by group, train [N·C, N·C] and test [M·C, N·C].
func bruteKernels(t testing.TB, m *Model, head *Head, train, test []encoder.Encoding) (trainKernels, testKernels map[string][]float64) {
	t.Helper()
	var jacobians []map[string][][]float64
	for _, text := range append(append([]encoder.Encoding{}, train...), test...) {
		_, j := bruteJacobian(t, m, head, text)
		jacobians = append(jacobians, j)
	}
	gram := func(rows, cols []map[string][][]float64) map[string][]float64 {
		out := map[string][]float64{}
		c := head.Classes()
		for name := range jacobians[0] {
			group := groupOf(name)
			if out[group] == nil {
				out[group] = make([]float64, len(rows)*c*len(cols)*c)
			}
			for p := range len(rows) * c {
				for q := range len(cols) * c {
					sum := 0.0
					left, right := rows[p/c][name][p%c], cols[q/c][name][q%c]
					for k := range left {
						sum += left[k] * right[k]
					}
					out[group][p*len(cols)*c+q] += sum
				}
			}
		}
		return out
	}
	return gram(jacobians[:len(train)], jacobians[:len(train)]), gram(jacobians[len(train):], jacobians[:len(train)])
}

// requireRelative compares relative to the largest number.
func requireRelative(t testing.TB, want, got []float64, tolerance float64, what string) {
	t.Helper()
	require.Len(t, got, len(want), what)
	size, off := 0.0, 0.0
	for i := range want {
		size = max(size, math.Abs(want[i]))
		off = max(off, math.Abs(want[i]-got[i]))
	}
	require.LessOrEqual(t, off, tolerance*size, what)
}
