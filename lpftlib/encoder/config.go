package encoder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lpft/internal/lfs"
	"lpft/internal/plainfile"
)

// Family is the architecture a checkpoint says it has.
type Family string

// The two supported layouts; ELECTRA (of the base size) has the first, XLM-RoBERTa and
// CamemBERT the second. They differ in position ids and in the defaults of
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

	absent string // sizes that config.json does not give: "hidden_size 768, …"
}

// ReadConfig reads dir/config.json. A size that is absent has transformers' default. A model
// folder that is missing, an architecture whose layers are not BERT's or RoBERTa's, null for
// a size, and sizes that do not fit together are errors.
func ReadConfig(dir string) (*Config, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("model folder %s: not found; give a folder with config.json, model.safetensors and the tokenizer's files", dir)
	}
	path := filepath.Join(dir, "config.json")
	data, err := plainfile.Read(path, plainfile.Settings)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("model folder %s: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("model folder %s: no readable config.json; give a folder with config.json, model.safetensors and the tokenizer's files", dir)
	}
	if err := lfs.Check(path, data); err != nil {
		return nil, err
	}
	members, err := jsonObject(data)
	if err != nil {
		return nil, fmt.Errorf("%s: not valid JSON: %v", path, err)
	}
	cfg, err := (&configJSON{members: members}).config()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cfg, nil
}

// Bounds of a model's sizes, above any that there is: room is made for what config.json says.
const (
	maxSize   = 1 << 24
	maxLayers = 1 << 12
)

func (c *Config) check() error {
	for _, size := range []struct {
		name  string
		value int
	}{{"vocab_size", c.VocabSize}, {"hidden_size", c.Hidden}, {"num_hidden_layers", c.Layers}, {"num_attention_heads", c.Heads},
		{"intermediate_size", c.Intermediate}, {"max_position_embeddings", c.MaxPositions}, {"type_vocab_size", c.TypeVocab}} {
		if size.value <= 0 {
			return fmt.Errorf("%s is %d: expected a positive number", size.name, size.value)
		}
		if size.value > maxSize || size.name == "num_hidden_layers" && size.value > maxLayers {
			return fmt.Errorf("%s is %d: no model is so large", size.name, size.value)
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
