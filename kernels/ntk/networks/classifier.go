package networks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"lpft/kernels/ntk"
	"lpft/lpftlib/encoder"
	"lpft/lpftlib/head"
)

// ClassifierGroup is the parameter group of the dense layer in a stock classifier.
const ClassifierGroup = "classifier"

const classifierDense = "classifier.dense"

// WithDense is a network with a dense layer and a tanh after it: φ = tanh(Wφ' + b). That is the
// first half of RobertaForSequenceClassification's head; its parameters are a group of F like
// any other, the second half is the linear head.
type WithDense struct {
	ntk.Network
	weight, bias ntk.Parameter
}

// Describe implements [ntk.Network].
func (n *WithDense) Describe() *ntk.Description {
	d := *n.Network.Describe()
	in := d.Width
	d.Key, d.Width = d.Key+", dense and tanh", len(n.bias.Data)
	d.Parameters = append(slices.Clip(d.Parameters), n.weight, n.bias)
	d.Layers = append(slices.Clip(d.Layers), ntk.Layer{Name: classifierDense, Group: ClassifierGroup, Weight: n.weight.Name, Bias: n.bias.Name, In: in, Out: d.Width, OneToken: true})
	return &d
}

// Forward implements [ntk.Network].
func (n *WithDense) Forward(in *ntk.Pass) *graph.Node {
	return graph.Tanh(pass{Pass: in}.dense(classifierDense, n.Network.Forward(in)))
}

// LoadRobertaClassifier reads a RobertaForSequenceClassification: the encoder with the dense layer of its
// head as a network, and the head's out_proj.
func LoadRobertaClassifier(dir string) (*WithDense, *head.Head, error) {
	cfg, err := encoder.ReadConfig(dir)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Family != encoder.RoBERTa {
		return nil, nil, fmt.Errorf("%s: a %s: only RoBERTa's classifier is a dense layer, tanh and out_proj", dir, cfg.Family)
	}
	weights, err := encoder.LoadWeights(dir, cfg)
	if err != nil {
		return nil, nil, err
	}
	tensors, err := encoder.ReadTensors(dir, func(name string) string {
		if strings.HasPrefix(name, "classifier.") {
			return name
		}
		return ""
	})
	if err != nil {
		return nil, nil, err
	}
	classes := len(tensors["classifier.out_proj.bias"].Data)
	d := &described{path: dir, tensors: tensors}
	for name, shape := range map[string][]int{classifierDense + ".weight": {cfg.Hidden, cfg.Hidden}, classifierDense + ".bias": {cfg.Hidden},
		"classifier.out_proj.weight": {classes, cfg.Hidden}, "classifier.out_proj.bias": {classes}} {
		d.take(name, shape...)
	}
	if err := d.done(); err != nil {
		return nil, nil, err
	}
	taken := map[string]ntk.Parameter{}
	for _, p := range d.Parameters {
		taken[p.Name] = p
	}
	h := head.FromFloat32(taken["classifier.out_proj.weight"].Data, taken["classifier.out_proj.bias"].Data)
	return &WithDense{Network: &ntk.Model{Weights: weights}, weight: taken[classifierDense+".weight"], bias: taken[classifierDense+".bias"]}, h, nil
}
