package encoder

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"lpft/lpftlib/backend"
)

// fixture is what testdata/make_fixtures.py writes.
type fixture struct {
	Encodings []struct{ IDs, Types []int32 }
	First     [][][]float64 // layers, texts, h: float32 oracle
	First64   [][][]float64 // the same computed in float64
}

func readFixture(t *testing.T, path string) (fixture, []Encoding) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var f fixture
	require.NoError(t, json.Unmarshal(data, &f))
	var encs []Encoding
	for _, e := range f.Encodings {
		encs = append(encs, Encoding{IDs: e.IDs, TypeIDs: e.Types})
	}
	return f, encs
}

func openBackend(t *testing.T) *backend.Backend {
	t.Helper()
	be, err := backend.Open("")
	require.NoError(t, err)
	return be
}

func load(t *testing.T, dir string) *Weights {
	t.Helper()
	cfg, err := ReadConfig(dir)
	require.NoError(t, err)
	w, err := LoadWeights(dir, cfg)
	require.NoError(t, err)
	return w
}

func maxDifference(got []float32, want [][]float64) float64 {
	worst := 0.0
	for i, row := range want {
		for j, v := range row {
			worst = max(worst, math.Abs(float64(got[i*len(row)+j])-v))
		}
	}
	return worst
}

var small = []string{"bert-2", "roberta-2", "roberta-12"}

// Features equal Hugging Face's within float32 rounding, whatever the padding.
func TestFeaturesAgainstTransformers(t *testing.T) {
	be := openBackend(t)
	for _, name := range small {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			w := load(t, dir)
			f, encs := readFixture(t, filepath.Join(dir, "fixture.json"))
			run, err := NewRunner(be, w, nil)
			require.NoError(t, err)
			got, err := run.Features(context.Background(), encs, nil)
			require.NoError(t, err)
			require.LessOrEqual(t, maxDifference(got, f.First[len(f.First)-1]), 2e-5)
		})
	}
}

// The same graph in float64 agrees with a float64 oracle to 1e-10 of the features' size, in every layer.
func TestLayersInFloat64(t *testing.T) {
	be := openBackend(t)
	for _, name := range small {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			w := load(t, dir)
			f, encs := readFixture(t, filepath.Join(dir, "fixture.json"))
			layers := layersFloat64(t, be, w, encs)
			require.Len(t, layers, len(f.First64))
			for l, want := range f.First64 {
				for i, row := range want {
					for j, v := range row {
						require.InDelta(t, v, layers[l][i*len(row)+j], 1e-10*max(1, math.Abs(v)), "layer %d text %d feature %d", l, i, j)
					}
				}
			}
		})
	}
}

// layersFloat64 runs the forward pass in float64: every layer at the first token.
func layersFloat64(t *testing.T, be *backend.Backend, w *Weights, encs []Encoding) [][]float64 {
	t.Helper()
	longest := 0
	for _, e := range encs {
		longest = max(longest, len(e.IDs))
	}
	b, err := w.Config.NewBatch(encs, longest)
	require.NoError(t, err)
	args := b.Tensors()
	for _, p := range w.Device() {
		args = append(args, p)
	}
	exec, err := graph.NewExec(be.Backend, func(in []*graph.Node) []*graph.Node {
		wide := make([]*graph.Node, len(in))
		for i, n := range in {
			wide[i] = n
			if n.DType() == dtypes.Float32 {
				wide[i] = graph.ConvertDType(n, dtypes.Float64)
			}
		}
		p, _ := w.Config.BindParams(wide[4:])
		hidden := w.Config.Forward(p, Inputs{wide[0], wide[1], wide[2], wide[3]}, ForwardOptions{})
		var out []*graph.Node
		for _, l := range hidden.Layers {
			out = append(out, graph.Squeeze(graph.Slice(l, graph.AxisRange(), graph.AxisElem(0), graph.AxisRange()), 1))
		}
		return out
	})
	require.NoError(t, err)
	outputs, err := exec.Exec(args...)
	require.NoError(t, err)
	var layers [][]float64
	for _, o := range outputs {
		flat, err := tensors.CopyFlatData[float64](o)
		require.NoError(t, err)
		layers = append(layers, flat)
	}
	return layers
}

// The real pretrained model, for ids of up to 128 tokens.
func TestMiniLMAgainstTransformers(t *testing.T) {
	models := os.Getenv("LPFT_MODELS")
	if models == "" {
		t.Skip("LPFT_MODELS is not set: it names the folder that holds minilm/")
	}
	be := openBackend(t)
	w := load(t, filepath.Join(models, "minilm"))
	f, encs := readFixture(t, filepath.Join("testdata", "minilm.json"))
	run, err := NewRunner(be, w, nil)
	require.NoError(t, err)
	got, err := run.Features(context.Background(), encs, nil)
	require.NoError(t, err)
	require.LessOrEqual(t, maxDifference(got, f.First[0]), 2e-5)
}

// A text's features do not depend on how far its batch is padded.
func TestPaddingChangesNothing(t *testing.T) {
	be := openBackend(t)
	w := load(t, filepath.Join("testdata", "roberta-2"))
	_, encs := readFixture(t, filepath.Join("testdata", "roberta-2", "fixture.json"))
	run, err := NewRunner(be, w, nil)
	require.NoError(t, err)
	want, err := run.group(encs, Group{Rows: []int{0}, T: len(encs[0].IDs)}, 1)
	require.NoError(t, err)
	for _, padded := range []int{8, 16, 32} {
		got, err := run.group(encs, Group{Rows: []int{0}, T: padded}, 1)
		require.NoError(t, err)
		for i := range w.Config.Hidden {
			require.InEpsilon(t, want[i], got[i], 1e-5, "padded to %d", padded)
		}
	}
}

// A device with too little memory gets smaller batches, with one note a halving, and the
// features are the same; when one text alone is too much, that is the error.
func TestOutOfMemoryHalvesTheBatch(t *testing.T) {
	be := openBackend(t)
	w := load(t, filepath.Join("testdata", "roberta-2"))
	_, encs := readFixture(t, filepath.Join("testdata", "roberta-2", "fixture.json"))
	for len(encs) < 40 {
		encs = append(encs, encs...)
	}
	want := featuresOf(t, w, nil, encs)
	var notes []string
	var mu sync.Mutex
	be.Say = func(line string) {
		mu.Lock()
		defer mu.Unlock()
		notes = append(notes, line)
	}
	runner := func(rows int) *Runner {
		run, err := NewRunner(be, w, nil)
		require.NoError(t, err)
		run.run = func(exec *graph.Exec, args []any) ([]*tensors.Tensor, error) {
			if args[0].(*tensors.Tensor).Shape().Dimensions[0] > rows {
				return nil, errors.New("RESOURCE_EXHAUSTED: Out of memory allocating 1073741824 bytes.")
			}
			return be.Run(exec, args)
		}
		return run
	}
	got, err := runner(3).Features(context.Background(), encs, nil)
	require.NoError(t, err)
	require.InDeltaSlice(t, want, got, 2e-6)
	require.NotEmpty(t, notes)
	require.Contains(t, notes[0], "half as many")

	_, err = runner(0).Features(context.Background(), encs, nil)
	require.ErrorContains(t, err, "features of 1 texts")
	require.True(t, backend.OutOfMemory(err))
}
