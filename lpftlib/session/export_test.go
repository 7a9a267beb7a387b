package session

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
	"lpft/lpftlib/study"
)

// What is exported computes what was measured: the encoder is the run's, and the stock class's dense
// layer, tanh and classifier give f(x) = Vφ + b.
func TestExportedModelComputesTheRunsLogits(t *testing.T) {
	s := open(t, t.TempDir(), 1001)
	for _, m := range study.Methods() {
		run := study.Spec{Task: "toy", Method: m, Seed: 1001}
		dir := filepath.Join(t.TempDir(), "out")
		require.NoError(t, s.Export(t.Context(), run, dir), m)
		c, err := s.classifier(t.Context(), run)
		require.NoError(t, err)
		file := "model.safetensors"
		if m.LowRank() {
			file = "adapter_model.safetensors"
		}
		tensors, err := encoder.ReadSafetensors(filepath.Join(dir, file))
		require.NoError(t, err)
		prefix, base := "", ""
		if m.LowRank() {
			prefix, base = "base_model.model.", "base_model.model."
			require.Equal(t, c.LoRA.B[c.LoRA.Layers[0]], tensors[base+"bert."+c.LoRA.Layers[0]+".lora_B.weight"])
			config := map[string]any{}
			raw, err := os.ReadFile(filepath.Join(dir, "adapter_config.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(raw, &config))
			require.Equal(t, []any{"classifier", "pooler"}, config["modules_to_save"])
			require.Equal(t, "SEQ_CLS", config["task_type"])
			require.Equal(t, c.Base, config["base_model_name_or_path"])
		} else {
			cfg, err := encoder.ReadConfig(dir)
			require.NoError(t, err)
			back, err := encoder.LoadWeights(dir, cfg)
			require.NoError(t, err)
			require.Equal(t, c.Weights.Tensors, back.Tensors)
		}
		phi := mat.NewDense(2, 32, nil)
		for j := range 32 {
			phi.Set(0, j, math.Sin(float64(j)))
			phi.Set(1, j, 5*math.Cos(float64(j)))
		}
		want, got := c.Head.Logits(phi), stockLogits(tensors, prefix+"bert.pooler.dense", prefix+"classifier", phi)
		for i := range 2 {
			for k := range c.Head.Classes() {
				require.InDelta(t, want.At(i, k), got.At(i, k), 1e-5*(1+c.Head.Norm()), m)
			}
		}
		require.FileExists(t, filepath.Join(dir, "vocab.txt"))
		v, err := head.Read(filepath.Join(dir, "head.npz"))
		require.NoError(t, err)
		require.Equal(t, c.Head, v)
		card, err := os.ReadFile(filepath.Join(dir, "README.md"))
		require.NoError(t, err)
		require.Contains(t, string(card), "from_pretrained")
		require.FileExists(t, filepath.Join(dir, "lpft.json"))
		require.ErrorContains(t, s.Export(t.Context(), run, dir), "empty")
	}
	require.Error(t, s.Export(t.Context(), study.Spec{Task: "toy", Method: study.LP, Seed: 1, Scaling: study.Scaling{Norm: 2, Reading: "A"}}, t.TempDir()))
}

// stockLogits are the stock class's logits, in float32 as it computes them.
func stockLogits(tensors map[string][]float32, dense, classifier string, phi *mat.Dense) *mat.Dense {
	n, h := phi.Dims()
	weight, bias := tensors[classifier+".weight"], tensors[classifier+".bias"]
	out := mat.NewDense(n, len(bias), nil)
	for i := range n {
		hidden := make([]float32, h)
		for a := range h {
			sum := tensors[dense+".bias"][a]
			for b := range h {
				sum += tensors[dense+".weight"][a*h+b] * float32(phi.At(i, b))
			}
			hidden[a] = float32(math.Tanh(float64(sum)))
		}
		for c := range bias {
			sum := bias[c]
			for a, v := range hidden {
				sum += weight[c*h+a] * v
			}
			out.Set(i, c, float64(sum))
		}
	}
	return out
}
