package lpftlib

import "lpft/lpftlib/study"

// The methods, so that a notebook needs one import.
const (
	Pretrained = study.Pretrained
	LP         = study.LP
	FT         = study.FT
	LPFT       = study.LPFT
	LoRA       = study.LoRA
	LPLoRA     = study.LPLoRA
)

// Method is a way to adapt the pre-trained model.
type Method = study.Method
