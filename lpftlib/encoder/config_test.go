package encoder

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// writeConfig writes roberta-2's configuration with some fields changed; a nil value removes one.
func writeConfig(t *testing.T, changes map[string]any) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "roberta-2", "config.json"))
	require.NoError(t, err)
	fields := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &fields))
	for key, value := range changes {
		fields[key] = value
		if value == nil {
			delete(fields, key)
		}
	}
	raw, err = json.Marshal(fields)
	require.NoError(t, err)
	dir := tempDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), raw, 0o644))
	return dir
}

func TestConfigErrors(t *testing.T) {
	for name, c := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"another architecture": {map[string]any{"model_type": "deberta"}, `unsupported architecture "deberta"`},
		"no architecture":      {map[string]any{"model_type": nil}, "model_type is absent"},
		"another activation":   {map[string]any{"hidden_act": "relu"}, `hidden_act "relu"`},
		"tanh gelu":            {map[string]any{"hidden_act": "gelu_new"}, `hidden_act "gelu_new"`},
		"relative positions":   {map[string]any{"position_embedding_type": "relative_key"}, "relative_key"},
		"a decoder":            {map[string]any{"is_decoder": true}, "is_decoder"},
		"no width":             {map[string]any{"hidden_size": json.RawMessage("null")}, "hidden_size is null"},
		"no heads":             {map[string]any{"num_attention_heads": nil, "hidden_size": 20}, "transformers' defaults: num_attention_heads 12"},
		"width 0":              {map[string]any{"hidden_size": 0}, "hidden_size is 0"},
		"small ELECTRA":        {map[string]any{"model_type": "electra"}, "embedding_size is 128"},
		"DistilBERT":           {map[string]any{"model_type": "distilbert"}, `unsupported architecture "distilbert"`},
		"a billion layers":     {map[string]any{"num_hidden_layers": 1_000_000_000}, "no model is so large"},
		"a huge vocabulary":    {map[string]any{"vocab_size": 1 << 40}, "no model is so large"},
		"negative layers":      {map[string]any{"num_hidden_layers": -1}, "num_hidden_layers is -1"},
		"heads do not divide":  {map[string]any{"num_attention_heads": 5}, "not a multiple"},
		"pad id too large":     {map[string]any{"pad_token_id": 60}, "pad_token_id 60"},
		"no positions left":    {map[string]any{"max_position_embeddings": 2}, "leaves no position"},
		"epsilon 0":            {map[string]any{"layer_norm_eps": 0}, "layer_norm_eps is 0"},
		"dropout 1":            {map[string]any{"hidden_dropout_prob": 1}, "hidden_dropout_prob is 1"},
		"a word for a number":  {map[string]any{"vocab_size": "many"}, "vocab_size is \"many\""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeConfig(t, c.changes)
			_, err := ReadConfig(dir)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, filepath.Join(dir, "config.json"))
		})
	}
	_, err := ReadConfig("/nowhere/model")
	require.ErrorContains(t, err, "model folder /nowhere/model: not found")
	_, err = ReadConfig(tempDir(t))
	require.ErrorContains(t, err, "no readable config.json")
}

// Fields that old files lack have Hugging Face's defaults.
func TestConfigDefaults(t *testing.T) {
	cfg, err := ReadConfig(writeConfig(t, map[string]any{"type_vocab_size": nil, "layer_norm_eps": nil, "hidden_dropout_prob": nil,
		"attention_probs_dropout_prob": nil, "pad_token_id": nil, "initializer_range": nil, "hidden_act": nil, "position_embedding_type": nil}))
	require.NoError(t, err)
	require.Equal(t, "type_vocab_size 2", cfg.absent)
	cfg.absent = ""
	require.Equal(t, &Config{Family: RoBERTa, VocabSize: 60, Hidden: 24, Layers: 2, Heads: 3, Intermediate: 40, MaxPositions: 40,
		TypeVocab: 2, LayerNormEps: 1e-12, HiddenDropout: 0.1, AttentionDropout: 0.1, PadID: 1, InitRange: 0.02}, cfg)
	require.Equal(t, 38, cfg.MaxTokens())
}

// Encodings that do not belong to the model are errors, never wrong rows of a table.
func TestBatchErrors(t *testing.T) {
	cfg := load(t, filepath.Join("testdata", "roberta-2")).Config
	for name, c := range map[string]struct {
		e    Encoding
		want string
	}{
		"no tokens":              {Encoding{}, "expected the same positive number"},
		"types of another size":  {Encoding{IDs: []int32{1, 2}, TypeIDs: []int32{0}}, "2 ids and 1 token types"},
		"longer than the batch":  {Encoding{IDs: make([]int32, 65), TypeIDs: make([]int32, 65)}, "batch of length 64"},
		"longer than positions":  {Encoding{IDs: make([]int32, 39), TypeIDs: make([]int32, 39)}, "position table ends at 38"},
		"id outside":             {Encoding{IDs: []int32{60}, TypeIDs: []int32{0}}, "token id 60"},
		"negative id":            {Encoding{IDs: []int32{-1}, TypeIDs: []int32{0}}, "token id -1"},
		"type outside the table": {Encoding{IDs: []int32{3}, TypeIDs: []int32{1}}, "token type 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cfg.NewBatch([]Encoding{{IDs: []int32{0}, TypeIDs: []int32{0}}, c.e}, 64)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "text 1:")
		})
	}
}

// Sizes that are absent are transformers' (configuration_bert.py, …, of 5.23).
func TestAbsentSizes(t *testing.T) {
	for kind, want := range map[string]Config{
		"bert":        {Family: BERT, VocabSize: 30522, PadID: 0},
		"roberta":     {Family: RoBERTa, VocabSize: 50265, PadID: 1},
		"xlm-roberta": {Family: RoBERTa, VocabSize: 30522, PadID: 1},
		"camembert":   {Family: RoBERTa, VocabSize: 30522, PadID: 1},
	} {
		dir := tempDir(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"model_type": "`+kind+`"}`), 0o644))
		cfg, err := ReadConfig(dir)
		require.NoError(t, err)
		want.Hidden, want.Layers, want.Heads, want.Intermediate, want.MaxPositions = 768, 12, 12, 3072, 512
		want.TypeVocab, want.LayerNormEps, want.HiddenDropout, want.AttentionDropout, want.InitRange = 2, 1e-12, 0.1, 0.1, 0.02
		cfg.absent = ""
		require.Equal(t, &want, cfg, kind)
	}
}
