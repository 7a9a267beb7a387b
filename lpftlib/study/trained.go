package study

import (
	"lpft/lpftlib/head"
	"lpft/lpftlib/stage"
)

// Trained is a finished FT stage.
type Trained struct {
	Spec
	Key string
	Dir string // run.json, with model.safetensors and config.json or, with LoRA, a PEFT adapter
	Outcome
}

// Outcome is what run.json holds of a finished FT stage.
type Outcome struct {
	Start  *head.Head    `json:"start"`  // V0, b0: at the start of the stage
	Head   *head.Head    `json:"head"`   // of the selected epoch
	Course *stage.Course `json:"course"` // every step and evaluation
	Epoch  int           `json:"epoch"`  // the selected one, from 1
}

// Point is the evaluation at the end of the selected epoch.
func (o *Outcome) Point() stage.Point {
	for _, p := range o.Course.Points {
		if p.Epoch == float64(o.Epoch) {
			return p
		}
	}
	return stage.Point{}
}
