package encoder

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// architecture is what a model_type of config.json means: a layout that lpft computes, and
// transformers' values for keys that are absent.
type architecture struct {
	family                                                            Family
	vocab, hidden, layers, heads, intermediate, positions, types, pad int
}

// architectures are those whose layers and embeddings are BERT's or RoBERTa's. The defaults
// are those of transformers 5.23 (models/*/configuration_*.py).
var architectures = map[string]architecture{
	"bert":        {BERT, 30522, 768, 12, 12, 3072, 512, 2, 0},
	"electra":     {BERT, 30522, 256, 12, 4, 1024, 512, 2, 0},
	"roberta":     {RoBERTa, 50265, 768, 12, 12, 3072, 512, 2, 1},
	"xlm-roberta": {RoBERTa, 30522, 768, 12, 12, 3072, 512, 2, 1},
	"camembert":   {RoBERTa, 30522, 768, 12, 12, 3072, 512, 2, 1},
}

// configJSON reads config.json key by key, so that absent, null and zero are told apart.
type configJSON struct {
	members map[string]json.RawMessage
	absent  []string // "hidden_size 768": sizes that transformers' default stands for
	err     error    // the first
}

// get decodes a key and says whether it is there.
func (c *configJSON) get(key string, into any) bool {
	raw, ok := c.members[key]
	if !ok || c.err != nil {
		return false
	}
	if string(raw) == "null" {
		c.err = fmt.Errorf("%s is null: expected a value, or no such key for transformers' default", key)
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		c.err = fmt.Errorf("%s is %s: %v", key, compact(raw), err)
		return false
	}
	return true
}

func (c *configJSON) size(key string, byDefault int) int {
	value := byDefault
	if !c.get(key, &value) {
		c.absent = append(c.absent, fmt.Sprintf("%s %d", key, byDefault))
	}
	return value
}

func (c *configJSON) number(key string, byDefault float64) float64 {
	value := byDefault
	c.get(key, &value)
	return value
}

// only refuses any value of a key but the one that lpft computes.
func (c *configJSON) only(key, want, note string) {
	value := want
	if c.get(key, &value); c.err == nil && value != want {
		c.err = fmt.Errorf("unsupported %s %q: lpft knows %q%s", key, value, want, note)
	}
}

// padID reads pad_token_id. BERT's may be null: its positions do not depend on it.
func (c *configJSON) padID(arch architecture) int {
	if string(c.members["pad_token_id"]) == "null" && arch.family == BERT {
		return 0
	}
	value := arch.pad
	c.get("pad_token_id", &value)
	return value
}

// architecture looks up the model type.
func (c *configJSON) architecture() architecture {
	var name string
	if !c.get("model_type", &name) && c.err == nil {
		c.err = fmt.Errorf("model_type is absent: lpft knows %s", knownArchitectures())
	}
	arch, ok := architectures[name]
	if !ok && c.err == nil {
		c.err = fmt.Errorf("unsupported architecture %q: lpft knows %s, whose layers are BERT's or RoBERTa's", name, knownArchitectures())
	}
	if embedding := arch.hidden; name == "electra" {
		embedding = 128
		c.get("embedding_size", &embedding)
		if hidden := c.number("hidden_size", float64(arch.hidden)); c.err == nil && float64(embedding) != hidden {
			c.err = fmt.Errorf("embedding_size is %d and hidden_size %v: lpft knows ELECTRA where both are the same (the base size)", embedding, hidden)
		}
	}
	return arch
}

func knownArchitectures() string {
	return `"` + strings.Join(slices.Sorted(maps.Keys(architectures)), `", "`) + `"`
}

// config fills in transformers' defaults for absent keys and checks the rest.
func (c *configJSON) config() (*Config, error) {
	arch := c.architecture()
	c.only("hidden_act", "gelu", " (the exact form)")
	c.only("position_embedding_type", "absolute", "")
	decoder := false
	if c.get("is_decoder", &decoder); decoder {
		return nil, fmt.Errorf("is_decoder is true: lpft knows encoders only")
	}
	cfg := &Config{
		Family: arch.family, VocabSize: c.size("vocab_size", arch.vocab), Hidden: c.size("hidden_size", arch.hidden),
		Layers: c.size("num_hidden_layers", arch.layers), Heads: c.size("num_attention_heads", arch.heads),
		Intermediate: c.size("intermediate_size", arch.intermediate), MaxPositions: c.size("max_position_embeddings", arch.positions),
		TypeVocab: c.size("type_vocab_size", arch.types), LayerNormEps: c.number("layer_norm_eps", 1e-12),
		HiddenDropout: c.number("hidden_dropout_prob", 0.1), AttentionDropout: c.number("attention_probs_dropout_prob", 0.1),
		PadID: c.padID(arch), InitRange: c.number("initializer_range", 0.02),
	}
	if c.err != nil {
		return nil, c.err
	}
	cfg.absent = strings.Join(c.absent, ", ")
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("%w%s", err, cfg.absentNote())
	}
	return cfg, nil
}

// absentNote ends a message about sizes that do not fit: some are not the file's.
func (c *Config) absentNote() string {
	if c.absent == "" {
		return ""
	}
	return " (absent from config.json, so transformers' defaults: " + c.absent + ")"
}
