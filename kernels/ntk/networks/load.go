package networks

import (
	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
)

// Load reads the model in dir as config.json's model_type asks: distilbert, gpt2, or what package
// encoder knows (bert, roberta, …, without a classifier's layers).
func Load(dir string) (ntk.Network, error) {
	s, err := readSettings(dir)
	if err != nil {
		return nil, err
	}
	var kind string
	s.get("model_type", &kind)
	switch {
	case s.err != nil:
		return nil, s.err
	case kind == "distilbert":
		return LoadDistilBERT(dir)
	case kind == "gpt2":
		return LoadGPT2(dir)
	}
	cfg, err := encoder.ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	weights, err := encoder.LoadWeights(dir, cfg)
	if err != nil {
		return nil, err
	}
	return &ntk.Model{Weights: weights}, nil
}
