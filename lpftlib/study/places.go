package study

import "lpft/lpftlib/stage"

// Parts are what of the encoder is frozen in turn: the prefixes of its parameter groups, in all blocks at once.
func Parts() []string { return []string{"embeddings", "attention", "ffn"} }

// Places is where in the network a training starts to work, and what it has done to the features of each layer at its end.
type Places struct {
	KernelRun
	Recipe stage.Recipe `json:"recipe"`
	Groups []PlaceShare `json:"groups"` // the head, then the encoder's parameter groups
	Layers []LayerMove  `json:"layers"` // after 0 (the embeddings), 1, … blocks
}

// HeadGroup is the head's name among the parameter groups: its kernel is P.
const HeadGroup = "head"

// PlaceShare is a parameter group's part in the kernel at the start.
type PlaceShare struct {
	Name  string  `json:"name"`
	Trace float64 `json:"trace"` // of tr(Θ)
	Step  float64 `json:"step"`  // of the logits' first change, see kernels.StepShares
}

// LayerMove compares the features of the test rows after some blocks, at the first token, before and after training.
type LayerMove struct {
	Blocks  int     `json:"blocks"`
	Diff    float64 `json:"diff"`     // mean distance of a row's features from where they were
	Size    float64 `json:"size"`     // mean norm of a row's features at the start
	CSStart float64 `json:"cs_start"` // mean cosine of two rows
	CS      float64 `json:"cs"`       // at the end
}

// Moved is how far features moved, relative to their size.
func (l *LayerMove) Moved() float64 { return l.Diff / l.Size }

// Freezing is what a training does otherwise when a part of the encoder stands still.
type Freezing struct {
	KernelRun
	Recipe stage.Recipe `json:"recipe"`
	Parts  []FrozenPart `json:"parts"`
}

// FrozenPart compares a training with the same one without a part, at their end: f with f_frozen, and what the kernel at the
// start predicts of both, g and g_frozen.
type FrozenPart struct {
	Part      string  `json:"part"`
	Effect    float64 `json:"effect"`    // ‖f_frozen − f‖/‖f − f0‖
	Predicted float64 `json:"predicted"` // ‖g_frozen − g‖/‖g − f0‖
	Error     float64 `json:"error"`     // ‖(f_frozen − f) − (g_frozen − g)‖/‖f_frozen − f‖; 1 for "freezing changes nothing"
}

// Heaviest are the parts whose freezing changes most: in training and as predicted.
func (f *Freezing) Heaviest() (real, predicted int) {
	for i, p := range f.Parts {
		if p.Effect > f.Parts[real].Effect {
			real = i
		}
		if p.Predicted > f.Parts[predicted].Predicted {
			predicted = i
		}
	}
	return real, predicted
}
