package encoder

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/backend"
)

// Resident is a model in the memory of a backend's device. Steps share it, so nobody writes into its tensors, nor gives
// them to the engine to be overwritten.
type Resident struct {
	Config *Config

	notes  []string
	be     *backend.Backend
	params []*tensors.Tensor // in the order of Config.Specs
}

// Load reads the checkpoint in dir onto the device, or finds it there: the backend keeps the models that were used last. digest
// tells checkpoints apart: of the weights' file and the configuration.
func Load(be *backend.Backend, dir string, cfg *Config, digest string) (*Resident, error) {
	r, err := be.Once(backend.Weights, digest, func() (any, error) {
		w, err := LoadWeights(dir, cfg)
		if err != nil {
			return nil, err
		}
		return w.Place(be)
	})
	if err != nil {
		return nil, err
	}
	return r.(*Resident), nil
}

// Device copies the weights into tensors in the order of [Config.Specs].
func (w *Weights) Device() []*tensors.Tensor {
	var out []*tensors.Tensor
	for _, spec := range w.Config.Specs() {
		out = append(out, tensors.FromFlatDataAndDimensions(w.Tensors[spec.Name], spec.Shape...))
	}
	return out
}

// Place copies the weights to the device.
func (w *Weights) Place(be *backend.Backend) (*Resident, error) {
	r := &Resident{Config: w.Config, notes: w.Notes, be: be, params: w.Device()}
	if err := be.Place(r.params); err != nil {
		return nil, fmt.Errorf("parameters to the backend: %w", err)
	}
	return r, nil
}

// Weights copies the numbers back to the host.
func (r *Resident) Weights() (*Weights, error) {
	w := &Weights{Config: r.Config, Tensors: make(map[string][]float32, len(r.params)), Notes: r.notes}
	for i, spec := range r.Config.Specs() {
		data, err := tensors.CopyFlatData[float32](r.params[i])
		if err != nil {
			return nil, fmt.Errorf("%s from the backend: %w", spec.Name, err)
		}
		w.Tensors[spec.Name] = data
	}
	return w, nil
}

// First is the encoder that ends after its first so many layers; 0 leaves the embeddings. It shares the tensors.
func (r *Resident) First(layers int) (*Resident, error) {
	if layers < 0 || layers > r.Config.Layers {
		return nil, fmt.Errorf("%d layers of an encoder of %d: expected 0 to %d", layers, r.Config.Layers, r.Config.Layers)
	}
	cfg := *r.Config
	cfg.Layers = layers
	return &Resident{Config: &cfg, notes: r.notes, be: r.be, params: r.params[:len(cfg.Specs())]}, nil
}

// Runner computes features with the model, with LoRA's factors beside its weights where there are any.
func (r *Resident) Runner(lora *LoRAWeights) (*Runner, error) {
	return NewRunnerOn(r.be, r.Config, r.params, lora)
}

// LayersRunner is [Resident.Runner] for the features after every number of blocks, all from one pass.
func (r *Resident) LayersRunner(lora *LoRAWeights) (*Runner, error) {
	run, err := r.Runner(lora)
	if err != nil {
		return nil, err
	}
	run.width *= r.Config.Layers + 1
	run.exec, err = featureGraph(r.be, r.Config, lora.Structure(), allLayers)
	return run, err
}
