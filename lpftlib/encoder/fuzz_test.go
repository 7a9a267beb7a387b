package encoder

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever an adapter's two files hold, it is read or refused in one line, and what is read fits the model.
func FuzzAdapter(f *testing.F) {
	cfg, err := ReadConfig(filepath.Join("testdata", "bert-2"))
	require.NoError(f, err)
	lora, err := NewLoRA(cfg, cfg.QueryValue(), 2, 4, 1)
	require.NoError(f, err)
	made := f.TempDir()
	require.NoError(f, lora.SavePEFT(made, cfg))
	settings, err := os.ReadFile(filepath.Join(made, adapterConfig))
	require.NoError(f, err)
	tensors, err := os.ReadFile(filepath.Join(made, adapterWeights))
	require.NoError(f, err)
	f.Add(settings, tensors)
	f.Add([]byte(`{"peft_type": "LORA", "r": 0, "lora_alpha": -1}`), tensors)
	f.Add([]byte(`{"peft_type": "LORA", "r": 1000000000, "lora_alpha": 4, "target_modules": []}`), tensors)
	f.Add(settings, tensors[:len(tensors)/2])
	f.Add([]byte(`null`), []byte{})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, settings, tensors []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, adapterConfig), settings, 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(dir, adapterWeights), tensors, 0o644))
		got, err := LoadPEFT(dir, cfg)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		shapes := cfg.denseShapes()
		for _, layer := range got.Layers {
			require.Len(t, got.A[layer], got.Rank*shapes[layer][1])
			require.Len(t, got.B[layer], got.Rank*shapes[layer][0])
		}
	})
}

// Whatever a config.json holds, it is a model of sizes that are computed with, or refused in one line.
func FuzzConfig(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "bert-2", "config.json"))
	require.NoError(f, err)
	f.Add(string(text))
	f.Add(`{"model_type": "bert", "num_hidden_layers": 1e9}`)
	f.Add(`{"model_type": "roberta", "pad_token_id": -1}`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o644))
		cfg, err := ReadConfig(dir)
		if err != nil {
			return
		}
		require.LessOrEqual(t, cfg.Layers, maxLayers)
		require.Positive(t, cfg.MaxTokens())
	})
}
