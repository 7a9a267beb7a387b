package finetune

import (
	"fmt"
	"slices"

	"lpft/lpftlib/encoder"
)

// check refuses a head that does not fit the encoder, and tensors to freeze that it does not have or train.
func (s Start) check() error {
	if s.LoRA != nil && len(s.Frozen) > 0 {
		return fmt.Errorf("%d frozen tensors with LoRA, which trains none of the encoder's: expected one or the other", len(s.Frozen))
	}
	for _, name := range s.Frozen {
		if !slices.ContainsFunc(s.Weights.Config.Specs(), func(spec encoder.TensorSpec) bool { return spec.Name == name }) {
			return fmt.Errorf("frozen tensor %q is none of the encoder's: expected a name such as %q", name, encoder.WordEmbeddings)
		}
	}
	return s.Head.Check(s.Weights.Config.Hidden)
}

// check refuses rows that the start cannot be trained or evaluated on.
func (d Data) check(start Start) error {
	if len(d.Val.Texts) == 0 {
		return fmt.Errorf("the validation split is empty: an epoch cannot be selected")
	}
	if want := len(d.Val.Texts) * start.Weights.Config.Hidden; start.ValFeatures != nil && len(start.ValFeatures) != want {
		return fmt.Errorf("%d feature values of the validation rows: expected %d, h a row", len(start.ValFeatures), want)
	}
	if err := d.Train.check(start.Weights.Config, start.Head.Classes()); err != nil {
		return fmt.Errorf("training split: %w", err)
	}
	if err := d.Val.check(start.Weights.Config, start.Head.Classes()); err != nil {
		return fmt.Errorf("validation split: %w", err)
	}
	return nil
}

// check wants a label 0 … classes−1 for every text, and texts that the model can read.
func (s Set) check(cfg *encoder.Config, classes int) error {
	if len(s.Labels) != len(s.Texts) {
		return fmt.Errorf("%d labels for %d texts: expected one each", len(s.Labels), len(s.Texts))
	}
	for i, y := range s.Labels {
		if y < 0 || y >= classes {
			return fmt.Errorf("label %d of row %d: the head has classes 0 to %d", y, i, classes-1)
		}
		if err := cfg.Check(s.Texts[i]); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}
