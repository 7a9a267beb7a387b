package encoder

import (
	"bytes"
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

// adapterSettings are what lpft reads of adapter_config.json.
type adapterSettings struct {
	rank   int     // r; PEFT's default where absent
	alpha  float64 // α; PEFT's default where absent
	target *moduleRule
	except *moduleRule // exclude_modules
	layers *layerRule  // layers_to_transform; nil: all
	saved  []string    // modules_to_save
}

// PEFT's values for absent settings (LoraConfig; its default layers for BERT and RoBERTa).
const (
	defaultRank  = 8
	defaultAlpha = 8
)

var defaultTargets = []string{"query", "value"}

func parseAdapterConfig(raw []byte) (*adapterSettings, error) {
	members, err := jsonObject(raw)
	if err != nil {
		return nil, fmt.Errorf("not valid JSON: %v", err)
	}
	s := &adapterSettings{rank: defaultRank, alpha: defaultAlpha}
	var kind string
	read := append([]string{}, noEffect...)
	for _, field := range []struct {
		key  string
		into any
	}{{"peft_type", &kind}, {"r", &s.rank}, {"lora_alpha", &s.alpha}} {
		read = append(read, field.key)
		if value, ok := members[field.key]; ok {
			if string(value) == "null" || json.Unmarshal(value, field.into) != nil {
				return nil, fmt.Errorf("setting %q is %s: expected a value, or no such setting for PEFT's default", field.key, compact(value))
			}
		}
	}
	if kind != "LORA" {
		return nil, fmt.Errorf("peft_type is %q: lpft knows \"LORA\"", kind)
	}
	if err := checkInit(members["init_lora_weights"]); err != nil {
		return nil, err
	}
	parsed, err := s.readModules(members)
	if err != nil {
		return nil, err
	}
	read = append(append(read, "init_lora_weights"), parsed...)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(read, key) && !isOff(members[key]) {
			return nil, fmt.Errorf("setting %q is %s: lpft knows plain LoRA, W + (α/r)·BA, only", key, compact(members[key]))
		}
	}
	return s, nil
}

// readModules reads the settings that choose modules and returns their names.
func (s *adapterSettings) readModules(members map[string]json.RawMessage) (read []string, err error) {
	if s.target, err = parseModules("target_modules", members["target_modules"], defaultTargets); err != nil {
		return nil, err
	}
	if s.except, err = parseModules("exclude_modules", members["exclude_modules"], nil); err != nil {
		return nil, err
	}
	if s.layers, err = parseLayers(members["layers_to_transform"], members["layers_pattern"]); err != nil {
		return nil, err
	}
	if value := members["modules_to_save"]; value != nil {
		if err := json.Unmarshal(value, &s.saved); err != nil {
			return nil, fmt.Errorf("modules_to_save is %s: expected a list of module names", compact(value))
		}
	}
	return []string{"target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "modules_to_save"}, nil
}

// targets tells whether the module of this full name carries factors, as PEFT decides it.
func (s *adapterSettings) targets(module string) bool {
	return s.target.names(module) && !s.except.names(module) && s.layers.names(module)
}

// saves tells whether a tensor belongs to a module that was trained whole.
func (s *adapterSettings) saves(tensor string) bool {
	module := tensor[:strings.LastIndex(tensor, ".")]
	return slices.ContainsFunc(s.saved, func(name string) bool { return strings.HasSuffix(module, name) })
}

// withoutAdapterName takes the adapter's name ("default") out of a tensor's, where PEFT's
// own modules have it and its files usually do not.
func (s *adapterSettings) withoutAdapterName(tensor string) string {
	for _, before := range []string{".lora_A.", ".lora_B.", ".modules_to_save."} {
		module, rest, ok := strings.Cut(tensor, before)
		if !ok {
			continue
		}
		last := rest[strings.LastIndex(rest, ".")+1:]
		if before == ".modules_to_save." {
			return module + "." + last
		}
		return module + before + last
	}
	return tensor
}

// isOff tells that a setting has the value of one that was never set.
func isOff(value json.RawMessage) bool {
	return slices.Contains([]string{"null", "false", "{}", "[]", `""`, `"none"`}, strings.ReplaceAll(string(value), " ", ""))
}

// compact is a JSON value on one line, for messages.
func compact(value json.RawMessage) string {
	var line bytes.Buffer
	if json.Compact(&line, value) != nil {
		return string(value)
	}
	return line.String()
}

// checkInit refuses initialisations that change the base model's weights (PiSSA, OLoRA, LoftQ,
// CorDA): the adapter then belongs to other weights than the checkpoint's.
func checkInit(value json.RawMessage) error {
	if text := string(value); !slices.Contains([]string{"", "null", "true", "false", `"gaussian"`, `"orthogonal"`, `"eva"`}, text) {
		return fmt.Errorf("setting \"init_lora_weights\" is %s: it changes the base model's weights, which lpft does not do", compact(value))
	}
	return nil
}
