package encoder

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
)

// Per-sample gradients made of a tap's input and the gradient at its output are the gradients
// of the parameters: those of one sample's loss, and in sum those of the batch's, to 1e-10.
func TestTapsGivePerSampleGradients(t *testing.T) {
	be := openBackend(t)
	for _, name := range []string{"bert-2", "roberta-2"} {
		for kind, layers := range adaptable(load(t, filepath.Join("testdata", name)).Config) {
			t.Run(name+", LoRA on "+kind, func(t *testing.T) {
				w := load(t, filepath.Join("testdata", name))
				_, encs := readFixture(t, filepath.Join("testdata", name, "fixture.json"))
				lora := randomLoRA(t, w.Config, layers, 3, 5)
				var names []string
				exec, err := graph.NewExec(be.Backend, func(in []*graph.Node) []*graph.Node {
					var out []*graph.Node
					out, names = tapGradients(w.Config, lora, in)
					return out
				})
				require.NoError(t, err)
				outputs, err := exec.Exec(gradientArgs(t, w, lora, encs)...)
				require.NoError(t, err)
				want := append(w.Config.Specs(), lora.Specs()...)
				require.Len(t, names, len(want), "every parameter must have a tap")
				requireClose(t, names, outputs)
			})
		}
	}
}

func gradientArgs(t *testing.T, w *Weights, lora *LoRAWeights, encs []Encoding) []any {
	t.Helper()
	b, err := w.Config.NewBatch(encs, 33)
	require.NoError(t, err)
	args := b.Tensors()
	for _, p := range w.Device() {
		args = append(args, p)
	}
	return append(args, lora.Args()...)
}

// tapGradients builds, for every parameter, four nodes: the sum of per-sample gradients from
// the taps, the batch's gradient, sample 1's gradient from the taps, and that of its loss.
func tapGradients(cfg *Config, lora *LoRAWeights, in []*graph.Node) (out []*graph.Node, names []string) {
	wide := make([]*graph.Node, len(in))
	for i, n := range in {
		wide[i] = n
		if n.DType() == dtypes.Float32 {
			wide[i] = graph.ConvertDType(n, dtypes.Float64)
		}
	}
	p, factors := cfg.BindParams(wide[4:])
	var taps []Tap
	hidden := cfg.Forward(p, Inputs{wide[0], wide[1], wide[2], wide[3]}, ForwardOptions{LoRA: lora.Bind(factors), Taps: &taps})
	// A loss in which every sample and feature has another weight.
	weight := graph.Sin(graph.AddScalar(graph.Iota(in[0].Graph(), hidden.First.Shape(), 1), 0.3))
	weight = graph.Mul(weight, graph.AddScalar(graph.Iota(in[0].Graph(), hidden.First.Shape(), 0), 1))
	losses := graph.ReduceSum(graph.Mul(graph.Sin(hidden.First), weight), 1)
	loss, one := graph.ReduceAllSum(losses), graph.ReduceAllSum(graph.Slice(losses, graph.AxisElem(1)))

	nodes := map[string]*graph.Node{}
	for name, n := range p {
		nodes[name] = n
	}
	for i, spec := range lora.Specs() {
		nodes[spec.Name] = factors[i]
	}
	ends := make([]*graph.Node, len(taps))
	for i, tap := range taps {
		ends[i] = tap.Output
	}
	deltas := graph.Gradient(loss, ends...)
	perSample := map[string]*graph.Node{}
	for i, tap := range taps {
		fromTap(cfg, tap, deltas[i], wide, lora.Alpha/float64(lora.Rank), perSample)
	}
	for name := range perSample {
		names = append(names, name)
	}
	slices.Sort(names)
	var params []*graph.Node
	for _, name := range names {
		params = append(params, nodes[name])
	}
	batch, single := graph.Gradient(loss, params...), graph.Gradient(one, params...)
	for i, name := range names {
		g := perSample[name]
		out = append(out, graph.ReduceSum(g, 0), batch[i], graph.Squeeze(graph.Slice(g, graph.AxisElem(1)), 0), single[i])
	}
	return out, names
}

// fromTap forms a layer's per-sample gradients [B, ...] from its input and the gradient delta
// at its output.
func fromTap(cfg *Config, tap Tap, delta *graph.Node, in []*graph.Node, scale float64, out map[string]*graph.Node) {
	b, t := in[0].Shape().Dimensions[0], in[0].Shape().Dimensions[1]
	split := func(x *graph.Node) *graph.Node { return graph.Reshape(x, b, t, -1) }
	d := split(delta)
	outer := func(x *graph.Node) *graph.Node { return graph.Einsum("bto,bti->boi", d, x) }
	switch tap.Kind {
	case Dense:
		out[tap.Name+".weight"], out[tap.Name+".bias"] = outer(split(tap.Input)), graph.ReduceSum(d, 1)
	case Norm:
		out[tap.Name+".weight"], out[tap.Name+".bias"] = graph.ReduceSum(graph.Mul(d, split(tap.Input)), 1), graph.ReduceSum(d, 1)
	case LoRADown:
		out[tap.Name+".weight"] = outer(split(tap.Input))
	case LoRAUp:
		out[tap.Name+".weight"] = graph.MulScalar(outer(split(tap.Input)), scale)
	case Embedding:
		for i, table := range []struct {
			name string
			rows int
		}{{WordEmbeddings, cfg.VocabSize}, {PositionEmbeddings, cfg.MaxPositions}, {TypeEmbeddings, cfg.TypeVocab}} {
			out[table.name] = graph.Einsum("bto,bti->boi", graph.OneHot(in[i], table.rows, delta.DType()), d)
		}
	}
}

// requireClose compares the pairs of tapGradients relative to the largest number of each.
func requireClose(t *testing.T, names []string, outputs []*tensors.Tensor) {
	t.Helper()
	for i, name := range names {
		for pair := range 2 {
			got, err := tensors.CopyFlatData[float64](outputs[4*i+2*pair])
			require.NoError(t, err)
			want, err := tensors.CopyFlatData[float64](outputs[4*i+2*pair+1])
			require.NoError(t, err)
			require.Len(t, got, len(want), name)
			size, off := 0.0, 0.0
			for k := range want {
				size = max(size, math.Abs(want[k]))
				off = max(off, math.Abs(got[k]-want[k]))
			}
			if strings.HasSuffix(name, "key.bias") {
				// It shifts a row of scores by a constant, which softmax does not see: its
				// gradient is zero, and only rounding is left of it.
				size = 1
			}
			require.LessOrEqual(t, off, 1e-10*size, "%s, pair %d", name, pair)
		}
	}
}

// The last block at the first token alone gives the φ of the whole forward pass.
func TestFirstOnlyGivesTheSameFeatures(t *testing.T) {
	be := openBackend(t)
	for _, name := range []string{"bert-2", "roberta-2"} {
		w := load(t, filepath.Join("testdata", name))
		_, encs := readFixture(t, filepath.Join("testdata", name, "fixture.json"))
		exec, err := graph.NewExec(be.Backend, func(in []*graph.Node) []*graph.Node {
			for i, n := range in {
				if n.DType() == dtypes.Float32 {
					in[i] = graph.ConvertDType(n, dtypes.Float64)
				}
			}
			p, _ := w.Config.BindParams(in[4:])
			inputs := Inputs{in[0], in[1], in[2], in[3]}
			whole, first := w.Config.Forward(p, inputs, ForwardOptions{}), w.Config.Forward(p, inputs, ForwardOptions{FirstOnly: true})
			require.Len(t, first.Layers, len(whole.Layers)-1)
			return []*graph.Node{whole.First, first.First}
		})
		require.NoError(t, err)
		outputs, err := exec.Exec(gradientArgs(t, w, nil, encs)...)
		require.NoError(t, err)
		requireClose(t, []string{"φ"}, append(outputs, outputs...)) // takes pairs by two
	}
}
