package encoder

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// noEffect are settings of adapter_config.json that do not change what a trained adapter
// computes in evaluation mode. Any other setting that lpft does not read must be off.
var noEffect = []string{
	"peft_type", "auto_mapping", "base_model_name_or_path", "revision", "task_type", "inference_mode", "lora_dropout",
	"peft_version", "megatron_config", "megatron_core", "loftq_config", "eva_config", "corda_config", "runtime_config",
	"qalora_group_size", "ensure_weight_tying",
}

// parseAdapterConfig reads adapter_config.json: the adapted layers, r and α.
func parseAdapterConfig(raw []byte, cfg *Config) (layers []string, rank int, alpha float64, err error) {
	settings, err := jsonObject(raw)
	if err != nil {
		return nil, 0, 0, fmt.Errorf("not valid JSON: %v", err)
	}
	var c struct {
		Type    string          `json:"peft_type"`
		Rank    int             `json:"r"`
		Alpha   float64         `json:"lora_alpha"`
		Targets json.RawMessage `json:"target_modules"`
		Init    json.RawMessage `json:"init_lora_weights"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, 0, 0, fmt.Errorf("not an adapter's configuration: %v", err)
	}
	if c.Type != "LORA" {
		return nil, 0, 0, fmt.Errorf("peft_type is %q: lpft knows \"LORA\"", c.Type)
	}
	if err := checkInit(c.Init); err != nil {
		return nil, 0, 0, err
	}
	read := append([]string{"r", "lora_alpha", "target_modules", "init_lora_weights"}, noEffect...)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if !slices.Contains(read, key) && !isOff(settings[key]) {
			return nil, 0, 0, fmt.Errorf("setting %q is %s: lpft knows plain LoRA, W + (α/r)·BA, only", key, settings[key])
		}
	}
	var suffixes []string
	if err := json.Unmarshal(c.Targets, &suffixes); err != nil || len(suffixes) == 0 {
		return nil, 0, 0, fmt.Errorf("target_modules is %s: expected a list of layer names such as [\"query\", \"value\"]", c.Targets)
	}
	layers, err = cfg.DenseLayers(slices.DeleteFunc(suffixes, func(s string) bool { return strings.HasPrefix(s, "pooler.") }))
	return layers, c.Rank, c.Alpha, err
}

// isOff tells that a setting has the value of one that was never set.
func isOff(value json.RawMessage) bool {
	return slices.Contains([]string{"null", "false", "{}", "[]", `""`, `"none"`}, strings.ReplaceAll(string(value), " ", ""))
}

// checkInit refuses initialisations that change the base model's weights (PiSSA, OLoRA, LoftQ,
// CorDA): the adapter then belongs to other weights than the checkpoint's.
func checkInit(value json.RawMessage) error {
	if text := string(value); !slices.Contains([]string{"", "null", "true", "false", `"gaussian"`, `"orthogonal"`, `"eva"`}, text) {
		return fmt.Errorf("setting \"init_lora_weights\" is %s: it changes the base model's weights, which lpft does not do", text)
	}
	return nil
}
