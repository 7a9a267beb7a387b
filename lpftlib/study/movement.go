package study

import "lpft/lpftlib/stage"

// Movement is how a kernel changes while a model is trained on its rows.
type Movement struct {
	KernelRun
	Recipe stage.Recipe    `json:"recipe"`
	Points []MovementPoint `json:"points"` // the start and the end of each epoch
}

// MovementPoint is the kernel after an epoch.
type MovementPoint struct {
	Epoch  int         `json:"epoch"`
	P      KernelMove  `json:"p"`
	F      KernelMove  `json:"f"`
	Theta  KernelMove  `json:"theta"`
	Groups []GroupMove `json:"groups"` // of F
}

// KernelMove compares a kernel with what it was at the start and with the labels. Alignments are of centred kernels, see
// kernels.CKA.
type KernelMove struct {
	Start    float64  `json:"start"`            // alignment with the kernel at the start
	Labels   *float64 `json:"labels,omitempty"` // alignment with the labels' kernel yyᵀ; nil where undefined, as for rows of one class
	Change   float64  `json:"change"`           // ‖K − K0‖/‖K0‖
	Velocity float64  `json:"velocity"`         // ‖K − K of the epoch before‖/‖K0‖; 0 at the start
	Rank     float64  `json:"rank"`             // effective rank
}

// GroupMove is a parameter group's part of F.
type GroupMove struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"` // of tr(F)
	KernelMove
}

// Last is the end of the training.
func (m *Movement) Last() *MovementPoint { return &m.Points[len(m.Points)-1] }
