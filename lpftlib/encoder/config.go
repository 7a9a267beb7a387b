package encoder

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Family is the architecture a checkpoint says it has.
type Family string

// The two supported architectures. They differ in position ids and in the defaults of
// config.json; the layers are the same.
const (
	BERT    Family = "bert"
	RoBERTa Family = "roberta"
)

// Config holds what config.json says about an encoder (docs/protocol.md, Model).
type Config struct {
	Family           Family  `json:"model_type"`
	VocabSize        int     `json:"vocab_size"`
	Hidden           int     `json:"hidden_size"`         // h
	Layers           int     `json:"num_hidden_layers"`   // transformer blocks
	Heads            int     `json:"num_attention_heads"` // attention heads; h/Heads dimensions each
	Intermediate     int     `json:"intermediate_size"`   // FFN width
	MaxPositions     int     `json:"max_position_embeddings"`
	TypeVocab        int     `json:"type_vocab_size"`
	LayerNormEps     float64 `json:"layer_norm_eps"`
	HiddenDropout    float64 `json:"hidden_dropout_prob"`
	AttentionDropout float64 `json:"attention_probs_dropout_prob"`
	PadID            int     `json:"pad_token_id"`
	InitRange        float64 `json:"initializer_range"` // standard deviation of a new head's weights
}

// fileConfig is config.json; pointers tell an absent field from a zero.
type fileConfig struct {
	ModelType        string   `json:"model_type"`
	VocabSize        int      `json:"vocab_size"`
	Hidden           int      `json:"hidden_size"`
	Layers           int      `json:"num_hidden_layers"`
	Heads            int      `json:"num_attention_heads"`
	Intermediate     int      `json:"intermediate_size"`
	MaxPositions     int      `json:"max_position_embeddings"`
	TypeVocab        *int     `json:"type_vocab_size"`
	LayerNormEps     *float64 `json:"layer_norm_eps"`
	HiddenDropout    *float64 `json:"hidden_dropout_prob"`
	AttentionDropout *float64 `json:"attention_probs_dropout_prob"`
	PadID            *int     `json:"pad_token_id"`
	InitRange        *float64 `json:"initializer_range"`
	HiddenAct        string   `json:"hidden_act"`
	Position         string   `json:"position_embedding_type"`
	IsDecoder        bool     `json:"is_decoder"`
}

// ReadConfig reads dir/config.json. A model folder that is missing, an architecture
// other than BERT and RoBERTa, and sizes that do not fit together are errors.
func ReadConfig(dir string) (*Config, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("model folder %s: not found; give a folder with config.json, model.safetensors and the tokenizer's files", dir)
	}
	path := filepath.Join(dir, "config.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model folder %s: no readable config.json; give a folder with config.json, model.safetensors and the tokenizer's files", dir)
	}
	var f fileConfig
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%s: not valid JSON: %v", path, err)
	}
	cfg, err := f.config()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cfg, nil
}

func or[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}

// config fills in Hugging Face's defaults for absent fields and checks the rest.
func (f *fileConfig) config() (*Config, error) {
	family := Family(f.ModelType)
	if family != BERT && family != RoBERTa {
		return nil, fmt.Errorf("unsupported architecture %q: lpft knows \"bert\" and \"roberta\"", f.ModelType)
	}
	if f.HiddenAct != "" && f.HiddenAct != "gelu" {
		return nil, fmt.Errorf("unsupported hidden_act %q: lpft knows \"gelu\" (the exact form)", f.HiddenAct)
	}
	if f.Position != "" && f.Position != "absolute" {
		return nil, fmt.Errorf("unsupported position_embedding_type %q: lpft knows \"absolute\"", f.Position)
	}
	if f.IsDecoder {
		return nil, fmt.Errorf("is_decoder is true: lpft knows encoders only")
	}
	typeVocab, pad := 2, 0
	if family == RoBERTa {
		pad = 1
	}
	c := &Config{
		Family: family, VocabSize: f.VocabSize, Hidden: f.Hidden, Layers: f.Layers, Heads: f.Heads,
		Intermediate: f.Intermediate, MaxPositions: f.MaxPositions, TypeVocab: or(f.TypeVocab, typeVocab),
		LayerNormEps: or(f.LayerNormEps, 1e-12), HiddenDropout: or(f.HiddenDropout, 0.1),
		AttentionDropout: or(f.AttentionDropout, 0.1), PadID: or(f.PadID, pad), InitRange: or(f.InitRange, 0.02),
	}
	return c, c.check()
}

func (c *Config) check() error {
	for _, size := range []struct {
		name  string
		value int
	}{{"vocab_size", c.VocabSize}, {"hidden_size", c.Hidden}, {"num_hidden_layers", c.Layers}, {"num_attention_heads", c.Heads},
		{"intermediate_size", c.Intermediate}, {"max_position_embeddings", c.MaxPositions}, {"type_vocab_size", c.TypeVocab}} {
		if size.value <= 0 {
			return fmt.Errorf("%s is %d: expected a positive number", size.name, size.value)
		}
	}
	if c.Hidden%c.Heads != 0 {
		return fmt.Errorf("hidden_size %d is not a multiple of num_attention_heads %d", c.Hidden, c.Heads)
	}
	if c.PadID < 0 || c.PadID >= c.VocabSize {
		return fmt.Errorf("pad_token_id %d lies outside the vocabulary of %d", c.PadID, c.VocabSize)
	}
	if c.MaxTokens() <= 0 {
		return fmt.Errorf("max_position_embeddings %d leaves no position after pad_token_id %d", c.MaxPositions, c.PadID)
	}
	if !(c.LayerNormEps > 0) {
		return fmt.Errorf("layer_norm_eps is %v: expected a positive number", c.LayerNormEps)
	}
	for name, rate := range map[string]float64{"hidden_dropout_prob": c.HiddenDropout, "attention_probs_dropout_prob": c.AttentionDropout} {
		if !(rate >= 0 && rate < 1) {
			return fmt.Errorf("%s is %v: expected at least 0 and below 1", name, rate)
		}
	}
	return nil
}

// MaxTokens is the longest input the position table allows (RoBERTa's first PadID+1 rows are not used).
func (c *Config) MaxTokens() int {
	if c.Family == RoBERTa {
		return c.MaxPositions - c.PadID - 1
	}
	return c.MaxPositions
}
