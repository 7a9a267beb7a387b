package encoder

import (
	"fmt"
	"math"
	"os"
	"path/filepath"

	"lpft/lpftlib/head"
)

// Classifier is a trained model with its linear head and the names of its classes, to be written
// as Python loads it.
type Classifier struct {
	Weights  *Weights
	LoRA     *LoRAWeights // nil: everything is in Weights
	Head     *head.Head
	Classes  []string
	Base     string // with LoRA: the adapted checkpoint, by the Hub's name or a folder
	Revision string // of Base on the Hub; "": not said
}

// The stock classes BertForSequenceClassification and RobertaForSequenceClassification put a dense
// layer and a tanh between φ and the classifier, which a linear head does not have. Both are undone
// exactly: the dense layer is s·I and the classifier V/s, where s is a power of two so small that
// tanh(sφ) is sφ in float32: |sφ| < 2⁻¹⁴ leaves a relative (sφ)²/3 < 2⁻²⁹, and products with powers
// of two do not round.
const smallest = 0x1p-14

// squeeze is s: features are outputs of the last LayerNorm, |φ_j| ≤ |gain_j|·√h + |bias_j|.
func (c *Classifier) squeeze() float64 {
	cfg, bound := c.Weights.Config, 0.0
	norm := Layer(cfg.Layers-1, "output.LayerNorm")
	gain, bias := c.Weights.Tensors[norm+".weight"], c.Weights.Tensors[norm+".bias"]
	for j, g := range gain {
		bound = max(bound, math.Abs(float64(g))*math.Sqrt(float64(cfg.Hidden))+math.Abs(float64(bias[j])))
	}
	return math.Exp2(math.Floor(math.Log2(smallest / max(bound, smallest))))
}

// stock are the tensors between φ and the logits in the stock class, and the modules they belong to.
func (c *Classifier) stock() (modules []string, list []NamedTensor) {
	h, n, s := c.Weights.Config.Hidden, c.Head.Classes(), c.squeeze()
	dense := make([]float32, h*h)
	for j := range h {
		dense[j*h+j] = float32(s)
	}
	weight, _ := c.Head.ScaleBy(1 / s).Float32()
	_, bias := c.Head.Float32()
	first, last := "bert.pooler.dense", "classifier"
	modules = []string{"classifier", "pooler"}
	if c.Weights.Config.Family == RoBERTa {
		first, last, modules = "classifier.dense", "classifier.out_proj", []string{"classifier"}
	}
	return modules, []NamedTensor{
		{Name: first + ".weight", Shape: []int{h, h}, Data: dense}, {Name: first + ".bias", Shape: []int{h}, Data: make([]float32, h)},
		{Name: last + ".weight", Shape: []int{n, h}, Data: weight}, {Name: last + ".bias", Shape: []int{n}, Data: bias},
	}
}

// Save writes the model into dir. Without LoRA AutoModelForSequenceClassification.from_pretrained(dir)
// loads it; with LoRA dir is an adapter, PeftModel.from_pretrained(base, dir), where base is
// AutoModelForSequenceClassification.from_pretrained(Base, num_labels=C).
func (c *Classifier) Save(dir string) error {
	if err := c.Head.Check(c.Weights.Config.Hidden); err != nil {
		return err
	}
	prefix := string(c.Weights.Config.Family) + "."
	modules, tensors := c.stock()
	if c.LoRA != nil {
		a := adapter{task: "SEQ_CLS", prefix: prefix, base: c.Base, whole: modules, tensors: tensors}
		if c.Revision != "" {
			a.revision = c.Revision
		}
		return c.LoRA.save(dir, c.Weights.Config, a)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: cannot be made: %v", dir, err)
	}
	list := c.Weights.named()
	for i := range list {
		list[i].Name = prefix + list[i].Name
	}
	if err := WriteSafetensors(filepath.Join(dir, weightsFile), append(list, tensors...)); err != nil {
		return err
	}
	ids, labels := map[string]int{}, map[int]string{}
	for i, name := range c.Classes {
		ids[name], labels[i] = i, name
	}
	class := map[Family]string{BERT: "BertForSequenceClassification", RoBERTa: "RobertaForSequenceClassification"}[c.Weights.Config.Family]
	return c.Weights.Config.write(dir, class, map[string]any{"id2label": labels, "label2id": ids, "problem_type": "single_label_classification"})
}
