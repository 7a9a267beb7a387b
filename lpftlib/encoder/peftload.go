package encoder

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"lpft/internal/plainfile"
)

// LoadPEFT reads a PEFT adapter of an encoder, made with or without a task's head around it
// (names with or without "bert." and "roberta."; the head itself is left out). Tensors of the
// encoder that were trained whole (modules_to_save) are in Replaced, which [LoRAWeights.Merge]
// puts in place. Settings that change what is computed beyond W + (α/r)·BA (DoRA,
// rank-stabilised scale, trained biases, ranks that differ between layers) are errors that
// name the setting.
func LoadPEFT(dir string, cfg *Config) (*LoRAWeights, error) {
	path := filepath.Join(dir, adapterConfig)
	raw, err := plainfile.Read(path, plainfile.Settings)
	if err != nil {
		return nil, fmt.Errorf("adapter folder %s: no readable %s", dir, adapterConfig)
	}
	settings, err := parseAdapterConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	weights := filepath.Join(dir, adapterWeights)
	if pickle := filepath.Join(dir, adapterPickle); !exists(weights) && exists(pickle) {
		return nil, fmt.Errorf("%s: not supported; lpft reads %s: write it in Python with PeftModel.from_pretrained(model, %q).save_pretrained(%q)", pickle, adapterWeights, dir, dir)
	}
	st, err := openSafetensors(weights)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	file := &adapterFile{st: st, cfg: cfg, settings: settings, factors: map[string]string{}, replaced: map[string]string{}}
	if err := file.sort(); err != nil {
		return nil, err
	}
	return file.load()
}

// adapterFile is an adapter's tensors, sorted by what they are for.
type adapterFile struct {
	st       *stFile
	cfg      *Config
	settings *adapterSettings
	prefix   string            // before the encoder's names: "bert." where a head was around it
	factors  map[string]string // name in Specs → name in the file
	replaced map[string]string // the encoder's tensor → name in the file
}

// sort says of every tensor what it is for: a factor, a tensor that stands in for the
// encoder's, or part of a head, through which φ does not pass.
func (f *adapterFile) sort() error {
	shapes := map[string][]int{}
	for _, spec := range f.cfg.Specs() {
		shapes[spec.Name] = spec.Shape
	}
	dense := f.cfg.denseShapes()
	for _, name := range f.st.names() {
		module := f.settings.withoutAdapterName(strings.TrimPrefix(name, adapterPrefix))
		canonical := canonicalName(module)
		layer, _, isFactor := strings.Cut(canonical, ".lora_")
		into := f.factors
		switch {
		case isHead(canonical):
			continue
		case isFactor && dense[layer] != [2]int{}:
			f.prefix = strings.TrimSuffix(module, canonical)
			if full, _, _ := strings.Cut(module, ".lora_"); !f.settings.targets(full) {
				return fmt.Errorf("%s: tensor %q: target_modules of %s does not name its layer", f.st.path, name, adapterConfig)
			}
		case shapes[canonical] != nil && f.settings.saves(module):
			into = f.replaced
		default:
			return fmt.Errorf("%s: unknown tensor %q: not a LoRA factor of the layers that target_modules names", f.st.path, name)
		}
		if twin, twice := into[canonical]; twice {
			return fmt.Errorf("%s: tensors %q and %q are both %q", f.st.path, twin, name, canonical)
		}
		into[canonical] = name
	}
	return nil
}

// layers are the encoder's layers that target_modules names; every one must have its factors.
func (f *adapterFile) layers() ([]string, error) {
	var layers []string
	for layer := range f.cfg.denseShapes() {
		if f.settings.targets(f.prefix + layer) {
			layers = append(layers, layer)
		}
	}
	if len(layers) == 0 {
		return nil, fmt.Errorf("%s: target_modules is %s: the model has no such dense layer", adapterConfig, f.settings.target)
	}
	slices.Sort(layers)
	return layers, nil
}

// load reads the sorted tensors.
func (f *adapterFile) load() (*LoRAWeights, error) {
	layers, err := f.layers()
	if err != nil {
		return nil, err
	}
	l, err := NewLoRA(f.cfg, layers, f.settings.rank, f.settings.alpha, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", adapterConfig, err)
	}
	values := make([][]float32, len(l.Specs()))
	for i, spec := range l.Specs() {
		if values[i], err = f.read(f.factors, spec); err != nil {
			return nil, err
		}
	}
	l.Set(values)
	for _, spec := range f.cfg.Specs() {
		if f.replaced[spec.Name] == "" {
			continue
		}
		if l.Replaced == nil {
			l.Replaced = map[string][]float32{}
		}
		if l.Replaced[spec.Name], err = f.read(f.replaced, spec); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// read reads the tensor that stands for spec.
func (f *adapterFile) read(names map[string]string, spec TensorSpec) ([]float32, error) {
	name, ok := names[spec.Name]
	if !ok {
		return nil, fmt.Errorf("%s: tensor %q of shape %v is missing", f.st.path, spec.Name, spec.Shape)
	}
	if shape := f.st.entries[name].Shape; !slices.Equal(shape, spec.Shape) {
		return nil, fmt.Errorf("%s: tensor %q has shape %v, expected %v", f.st.path, name, shape, spec.Shape)
	}
	data, err := f.st.float32s(name)
	if err == nil && slices.ContainsFunc(data, notFinite) {
		err = fmt.Errorf("%s: tensor %q holds NaN or infinity", f.st.path, name)
	}
	return data, err
}
