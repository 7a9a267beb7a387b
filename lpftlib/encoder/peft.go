package encoder

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An adapter in the format of Python's PEFT library is a folder with two files.
const (
	adapterConfig  = "adapter_config.json"
	adapterWeights = "adapter_model.safetensors"
	adapterPickle  = "adapter_model.bin"
	adapterPrefix  = "base_model.model."
)

// SavePEFT writes the factors as a PEFT adapter for the bare encoder of cfg:
// dir/adapter_config.json and dir/adapter_model.safetensors. In Python,
// PeftModel.from_pretrained(AutoModel.from_pretrained(model), dir) loads it.
func (l *LoRAWeights) SavePEFT(dir string, cfg *Config) error {
	return l.save(dir, cfg, adapter{task: "FEATURE_EXTRACTION"})
}

// adapter is what an adapter's folder says beside its factors.
type adapter struct {
	task     string        // PEFT's task_type
	prefix   string        // of the encoder within the adapted model, such as "bert."
	base     any           // the model that is adapted, nil: not said
	revision any           // of base, nil: not said
	whole    []string      // modules that are saved whole beside the factors
	tensors  []NamedTensor // theirs, under the adapted model's names
}

func (l *LoRAWeights) save(dir string, cfg *Config, a adapter) error {
	if l == nil {
		return fmt.Errorf("%s: there are no LoRA factors to write", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: cannot be made: %v", dir, err)
	}
	var list []NamedTensor
	for i, spec := range l.Specs() {
		list = append(list, NamedTensor{Name: adapterPrefix + a.prefix + spec.Name, Shape: spec.Shape, Data: l.Data()[i]})
	}
	for _, t := range a.tensors {
		t.Name = adapterPrefix + t.Name
		list = append(list, t)
	}
	if err := WriteSafetensors(filepath.Join(dir, adapterWeights), list); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, adapterConfig), map[string]any{
		"peft_type": "LORA", "task_type": a.task, "base_model_name_or_path": a.base, "revision": a.revision, "inference_mode": true,
		"r": l.Rank, "lora_alpha": l.Alpha, "lora_dropout": 0.0, "bias": "none", "fan_in_fan_out": false,
		"target_modules": l.targets(cfg), "modules_to_save": a.whole,
	})
}

// targets are PEFT's target_modules for the factors' layers: the layers' last names
// (["query", "value"]) if these name the same layers and no others, else the full names.
func (l *LoRAWeights) targets(cfg *Config) []string {
	short := map[string]bool{}
	for _, name := range l.Layers {
		short[name[strings.LastIndex(name, ".")+1:]] = true
	}
	suffixes := slices.Sorted(maps.Keys(short))
	named, err := cfg.DenseLayers(suffixes)
	// The pooler, which lpft does not have, is a "dense" too.
	if err == nil && !short["dense"] && slices.Equal(named, slices.Sorted(slices.Values(l.Layers))) {
		return suffixes
	}
	return l.Layers
}

// DenseLayers are the encoder's dense layers that one of suffixes names, as PEFT reads
// target_modules: "query" or "attention.self.query" is that layer of every block. A suffix
// that names no layer is an error. The result is sorted.
func (c *Config) DenseLayers(suffixes []string) ([]string, error) {
	var layers []string
	used := map[string]bool{}
	for name := range c.denseShapes() {
		for _, suffix := range suffixes {
			if name == suffix || strings.HasSuffix(name, "."+suffix) {
				used[suffix] = true
				layers = append(layers, name)
			}
		}
	}
	for _, suffix := range suffixes {
		if !used[suffix] {
			return nil, fmt.Errorf("LoRA on %q: the model has no such dense layer", suffix)
		}
	}
	slices.Sort(layers)
	return slices.Compact(layers), nil
}
