package study

import (
	"math"

	"lpft/lpftlib/stage"
)

// Trajectory is the logits of a kernel's rows while a model is trained on them.
type Trajectory struct {
	KernelRun
	Recipe stage.Recipe `json:"recipe"`
	Steps  []int        `json:"steps"` // taken when the logits were recorded, 0 first
	Train  [][]float64  `json:"train"` // f of the training rows [N·C]
	Test   [][]float64  `json:"test"`  // f of the test rows [M·C]
}

// RecordedSteps are the steps after which logits are recorded: each the double of the one before, but for the last, which
// may be as little as one and a half of it.
func RecordedSteps(total int) []int {
	var out []int
	for step := 1; 2*total >= 3*step; step *= 2 {
		out = append(out, step)
	}
	return append(out, total)
}

// Following is how well the kernel at the start predicts a training.
type Following struct {
	KernelRun
	Recipe stage.Recipe     `json:"recipe"`
	Points []FollowingPoint `json:"points"`
}

// FollowingPoint is the comparison after some steps. Errors are relative: ‖f − predicted‖/‖f − f0‖, 1 for the prediction
// that nothing moves.
type FollowingPoint struct {
	Step      int     `json:"step"`
	Moved     float64 `json:"moved"`      // ‖f − f0‖ of a training row, root mean square
	MovedTest float64 `json:"moved_test"` // of a test row
	// Linear is the error of the model that is linear in its parameters, trained step by step as the network: by gradient
	// descent with the kernel Θ0, by Adam with the Jacobian. Head is that of the head alone, whose kernel is P.
	Linear Errors `json:"linear"`
	Head   Errors `json:"head"`
	// Path is the error of the nearest place on the path of the flow with Θ0, HeadPath with P alone, found by the training
	// rows: whatever the speed, is it the kernel's way?
	Path     Errors `json:"path"`
	HeadPath Errors `json:"head_path"`
}

// Errors are relative errors on training and on test rows.
type Errors struct {
	Train float64 `json:"train"`
	Test  float64 `json:"test"`
}

// LinearError is how far the linear model is off on training rows, step by step.
func (p *FollowingPoint) LinearError() float64 { return p.Linear.Train }

// HeadError is the same of the head alone.
func (p *FollowingPoint) HeadError() float64 { return p.Head.Train }

// PathError is how far the nearest place on the flow's path is off on training rows.
func (p *FollowingPoint) PathError() float64 { return p.Path.Train }

// HeadPathError is the same of P alone.
func (p *FollowingPoint) HeadPathError() float64 { return p.HeadPath.Train }

// Last is the end of the training.
func (f *Following) Last() *FollowingPoint { return &f.Points[len(f.Points)-1] }

// ErrorAt is an error where the training rows' logits have first moved by a distance, between the recorded steps on a
// straight line; NaN where they never do.
func (f *Following) ErrorAt(moved float64, of func(*FollowingPoint) float64) float64 {
	before := 0.0
	for i := range f.Points {
		p := &f.Points[i]
		if p.Moved < moved {
			before = p.Moved
			continue
		}
		if i == 0 {
			return of(p)
		}
		share := (moved - before) / (p.Moved - before)
		return (1-share)*of(&f.Points[i-1]) + share*of(p)
	}
	return math.NaN()
}

// Farthest is how far the training rows' logits ever were from the start.
func (f *Following) Farthest() float64 {
	most := 0.0
	for _, p := range f.Points {
		most = max(most, p.Moved)
	}
	return most
}
