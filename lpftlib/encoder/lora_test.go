package encoder

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomLoRA has factors on the named layers with B away from 0.
func randomLoRA(t *testing.T, cfg *Config, layers []string, rank int, alpha float64) *LoRAWeights {
	t.Helper()
	l, err := NewLoRA(cfg, layers, rank, alpha, 3)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range l.Layers {
		for i := range l.B[name] {
			l.B[name][i] = float32(0.2 * rng.NormFloat64())
		}
	}
	return l
}

// featuresOf are φ of a fixture's texts.
func featuresOf(t *testing.T, w *Weights, l *LoRAWeights, encs []Encoding) []float32 {
	t.Helper()
	run, err := NewRunner(openBackend(t), w, l)
	require.NoError(t, err)
	phi, err := run.Features(context.Background(), encs, nil)
	require.NoError(t, err)
	return phi
}

// adaptable are choices of layers: the paper's, and every dense layer of the model.
func adaptable(cfg *Config) map[string][]string {
	var all []string
	for name := range cfg.denseShapes() {
		all = append(all, name)
	}
	slices.Sort(all)
	return map[string][]string{"query and value": cfg.QueryValue(), "every dense layer": all}
}

// A fresh adapter changes no bit, and one with B ≠ 0 gives the features of W + s·BA.
func TestAdapterIsAChangeOfWeights(t *testing.T) {
	for _, name := range small {
		w := load(t, filepath.Join("testdata", name))
		_, encs := readFixture(t, filepath.Join("testdata", name, "fixture.json"))
		plain := featuresOf(t, w, nil, encs)
		for kind, layers := range adaptable(w.Config) {
			t.Run(name+", "+kind, func(t *testing.T) {
				fresh, err := NewLoRA(w.Config, layers, 4, 8, 1)
				require.NoError(t, err)
				for i, v := range featuresOf(t, w, fresh, encs) {
					require.InDelta(t, plain[i], v, 2e-6, "B = 0 changes nothing") // XLA sums in another order
				}

				l := randomLoRA(t, w.Config, layers, 4, 8)
				adapted := featuresOf(t, w, l, encs)
				merged := merge(l, w)
				moved := 0.0
				for i, v := range featuresOf(t, merged, nil, encs) {
					require.InDelta(t, adapted[i], v, 2e-5)
					moved = max(moved, math.Abs(float64(v-plain[i])))
				}
				require.Greater(t, moved, 0.01, "the adapter must change the features")
			})
		}
	}
}

// merge is a copy of w with every factor pair added into its dense weight.
func merge(l *LoRAWeights, w *Weights) *Weights {
	out := w.Clone()
	for _, name := range l.Layers {
		weight, a, b := out.Tensors[name+".weight"], l.A[name], l.B[name]
		for o := range l.shapes[name][0] {
			for k := range l.Rank {
				for i := range l.shapes[name][1] {
					weight[o*l.shapes[name][1]+i] += float32(l.Alpha/float64(l.Rank)) * b[o*l.Rank+k] * a[k*l.shapes[name][1]+i]
				}
			}
		}
	}
	return out
}

// Adapters that Python's PEFT library made give PEFT's features.
func TestAdaptersFromPEFT(t *testing.T) {
	w := load(t, filepath.Join("testdata", "roberta-2"))
	_, encs := readFixture(t, filepath.Join("testdata", "roberta-2", "fixture.json"))
	for name, layers := range map[string]int{"peft-query-value": 4, "peft-classifier": 6} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			l, err := LoadPEFT(dir, w.Config)
			require.NoError(t, err)
			require.Len(t, l.Layers, layers)
			raw, err := os.ReadFile(filepath.Join(dir, "features.json"))
			require.NoError(t, err)
			var want struct{ First, First64 [][]float64 }
			require.NoError(t, json.Unmarshal(raw, &want))
			phi := featuresOf(t, w, l, encs)
			require.LessOrEqual(t, maxDifference(phi, want.First), 2e-5)
			require.LessOrEqual(t, maxDifference(phi, want.First64), 2e-5)
			require.Greater(t, maxDifference(featuresOf(t, w, nil, encs), want.First), 0.01)
		})
	}
}

// An adapter folder gives the factors back bit for bit.
func TestLoRARoundTrips(t *testing.T) {
	cfg := load(t, filepath.Join("testdata", "roberta-12")).Config
	for kind, layers := range adaptable(cfg) {
		t.Run(kind, func(t *testing.T) {
			l := randomLoRA(t, cfg, layers, 2, 3)
			dir := filepath.Join(tempDir(t), "adapter")
			require.NoError(t, l.SavePEFT(dir, cfg))
			back, err := LoadPEFT(dir, cfg)
			require.NoError(t, err)
			require.ElementsMatch(t, l.Layers, back.Layers)
			require.Equal(t, []any{l.Rank, l.Alpha, l.A, l.B}, []any{back.Rank, back.Alpha, back.A, back.B})
		})
	}
	var none *LoRAWeights
	require.ErrorContains(t, none.SavePEFT(tempDir(t), cfg), "no LoRA factors")
}

// target_modules are the short names where these say the same, else the full names.
func TestPEFTTargets(t *testing.T) {
	cfg := load(t, filepath.Join("testdata", "roberta-2")).Config
	qv := randomLoRA(t, cfg, cfg.QueryValue(), 1, 1)
	require.Equal(t, []string{"query", "value"}, qv.targets(cfg))
	one := []string{Layer(1, "attention.self.query")}
	require.Equal(t, one, randomLoRA(t, cfg, one, 1, 1).targets(cfg))
	ffn, err := cfg.DenseLayers([]string{"intermediate.dense"})
	require.NoError(t, err)
	require.Equal(t, []string{Layer(0, "intermediate.dense"), Layer(1, "intermediate.dense")}, ffn)
	require.Equal(t, ffn, randomLoRA(t, cfg, ffn, 1, 1).targets(cfg))
}

func TestNewLoRAErrors(t *testing.T) {
	cfg := load(t, filepath.Join("testdata", "roberta-2")).Config
	query := Layer(0, "attention.self.query")
	for name, c := range map[string]struct {
		layers []string
		rank   int
		want   string
	}{
		"rank 0":        {[]string{query}, 0, "rank 0"},
		"rank too high": {[]string{query}, cfg.Hidden + 1, fmt.Sprintf("LoRA rank %d on %q: the layer's width is %d,", cfg.Hidden+1, query, cfg.Hidden)},
		"beyond h":      {[]string{Layer(0, "intermediate.dense")}, cfg.Hidden + 1, "intermediate.dense"},
		"no such layer": {[]string{Layer(2, "attention.self.query")}, 1, "encoder.layer.2.attention.self.query"},
		"a LayerNorm":   {[]string{Layer(0, "output.LayerNorm")}, 1, "no such dense layer"},
		"an embedding":  {[]string{"embeddings.word_embeddings"}, 1, "no such dense layer"},
		"a layer twice": {[]string{query, query}, 1, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewLoRA(cfg, c.layers, c.rank, 1, 1)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Settings of PEFT that mean something else than plain LoRA are refused by name.
func TestUnsupportedPEFTSettings(t *testing.T) {
	cfg := load(t, filepath.Join("testdata", "roberta-2")).Config
	raw, err := os.ReadFile(filepath.Join("testdata", "peft-query-value", adapterConfig))
	require.NoError(t, err)
	for key, value := range map[string]any{
		"use_dora": true, "use_rslora": true, "bias": "lora_only", "rank_pattern": map[string]int{"query": 4}, "alpha_pattern": map[string]int{"query": 4},
		"modules_to_save": "classifier", "fan_in_fan_out": true, "layers_to_transform": "first", "exclude_modules": 1,
		"init_lora_weights": "pissa", "peft_type": "IA3", "target_modules": ".*(?=query)", "r": 0, "lora_bias": true, "a_setting_of_the_future": 1,
		"lora_alpha": nil,
	} {
		t.Run(key, func(t *testing.T) {
			fields := map[string]any{}
			require.NoError(t, json.Unmarshal(raw, &fields))
			fields[key] = value
			changed, err := json.Marshal(fields)
			require.NoError(t, err)
			_, err = loadAdapter(t, cfg, changed, func(o []oddTensor) []oddTensor { return o })
			require.ErrorContains(t, err, adapterConfig)
			if key == "r" {
				key = "rank"
			}
			require.ErrorContains(t, err, key)
		})
	}
}

// loadAdapter loads the query-value adapter with another configuration or other tensors.
func loadAdapter(t *testing.T, cfg *Config, config []byte, change func([]oddTensor) []oddTensor) (*LoRAWeights, error) {
	t.Helper()
	st, err := openSafetensors(filepath.Join("testdata", "peft-query-value", adapterWeights))
	require.NoError(t, err)
	defer st.Close()
	var list []oddTensor
	for _, name := range st.names() {
		data, err := st.float32s(name)
		require.NoError(t, err)
		list = append(list, oddTensor{name, "F32", st.entries[name].Shape, f32(data...)})
	}
	dir := tempDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, adapterConfig), config, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, adapterWeights), rawFile(change(list), nil), 0o644))
	return LoadPEFT(dir, cfg)
}

func TestBrokenAdapters(t *testing.T) {
	cfg := load(t, filepath.Join("testdata", "roberta-2")).Config
	config, err := os.ReadFile(filepath.Join("testdata", "peft-query-value", adapterConfig))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func([]oddTensor) []oddTensor
		want   string
	}{
		"missing": {func(o []oddTensor) []oddTensor { return o[1:] }, "missing"},
		"extra": {func(o []oddTensor) []oddTensor {
			return append(o, oddTensor{"base_model.model.encoder.layer.0.attention.self.key.lora_A.weight", "F32", []int{3, 24}, make([]byte, 288)})
		}, "self.key.lora_A"},
		"twice": {func(o []oddTensor) []oddTensor {
			again := o[0]
			again.name = strings.Replace(again.name, "base_model.model.", "base_model.model.roberta.", 1)
			return append(o, again)
		}, "are both"},
		"another shape": {func(o []oddTensor) []oddTensor {
			o[0].shape = []int{o[0].shape[1], o[0].shape[0]}
			return o
		}, "expected [3 24]"},
		"NaN": {func(o []oddTensor) []oddTensor {
			o[2].raw = append(f32(float32(math.NaN())), o[2].raw[4:]...)
			return o
		}, "NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadAdapter(t, cfg, config, c.change)
			require.ErrorContains(t, err, adapterWeights)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err = LoadPEFT("/nowhere/adapter", cfg)
	require.ErrorContains(t, err, "/nowhere/adapter")
}
