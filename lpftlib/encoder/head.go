package encoder

import (
	"fmt"
	"slices"
)

// LoadHead reads a classification head of a fine-tuned checkpoint, as BERT's sequence
// classifiers store it: classifier.weight [C, h] and classifier.bias [C]. It returns both
// and the number C of classes.
//
// [LoadWeights] never loads a head: every method here starts from a random one or from a
// linear probe's. RoBERTa's stock head has two layers (classifier.dense, classifier.out_proj)
// and is no linear head f = φVᵀ + b: it is refused.
func LoadHead(dir string) (weight, bias []float32, classes int, err error) {
	cfg, err := ReadConfig(dir)
	if err != nil {
		return nil, nil, 0, err
	}
	cp, err := openCheckpoint(dir)
	if err != nil {
		return nil, nil, 0, err
	}
	defer cp.Close()
	if cp.files["classifier.out_proj.weight"] != nil || cp.files["classifier.dense.weight"] != nil {
		return nil, nil, 0, fmt.Errorf("%s: the head has two layers (classifier.dense, classifier.out_proj): lpft knows linear heads, classifier.weight and classifier.bias", cp.path)
	}
	for _, name := range []string{"classifier.weight", "classifier.bias"} {
		if cp.files[name] == nil {
			return nil, nil, 0, fmt.Errorf("%s: tensor %q is missing: the checkpoint has no classification head", cp.path, name)
		}
	}
	shape, biasShape := cp.entry("classifier.weight").Shape, cp.entry("classifier.bias").Shape
	if len(shape) != 2 || shape[0] < 1 || shape[1] != cfg.Hidden {
		return nil, nil, 0, fmt.Errorf("%s: tensor \"classifier.weight\" has shape %v: expected [classes, %d]", cp.path, shape, cfg.Hidden)
	}
	if !slices.Equal(biasShape, shape[:1]) {
		return nil, nil, 0, fmt.Errorf("%s: tensor \"classifier.bias\" has shape %v: expected %v", cp.path, biasShape, shape[:1])
	}
	if weight, err = cp.read("classifier.weight"); err != nil {
		return nil, nil, 0, err
	}
	if bias, err = cp.read("classifier.bias"); err != nil {
		return nil, nil, 0, err
	}
	return weight, bias, shape[0], nil
}
