package study

import "lpft/lpftlib/stage"

// ScaledStart is a training from a head that was scaled to a norm, with what the kernel at the start says of it.
type ScaledStart struct {
	KernelRun
	Recipe stage.Recipe `json:"recipe"`
	// Diff is how far the features of the test rows have moved at the end; Step is equation (5) for them: the mean over rows of
	// ‖Σ_i Θ^φ(x, x_i) V0ᵀ δ_i‖/N, how far a step of gradient descent of rate 1 on the mean loss would move them.
	Diff float64 `json:"diff"`
	Step float64 `json:"step"`
	// Trained is the epoch with the lowest NLL of the validation rows, every other test row, Test the others then.
	Trained  RowScore `json:"trained"`
	Test     RowScore `json:"test"`
	Foretold RowScore `json:"foretold"` // of the validation rows, the best moment of the kernel's gradient flow
}

// RowScore is how well some rows are classified.
type RowScore struct {
	NLL      float64 `json:"nll"` // mean, in nats
	Accuracy float64 `json:"accuracy"`
}

// Norm is ‖V0‖.
func (n *ScaledStart) Norm() float64 { return n.Scaling.Norm }

// Chosen are the trainings whose norm a sweep and the kernel would choose: the lowest NLL of the validation rows, trained and
// foretold; of equal ones the first.
func Chosen(sweep []*ScaledStart) (trained, foretold *ScaledStart) {
	trained, foretold = sweep[0], sweep[0]
	for _, n := range sweep[1:] {
		if n.Trained.NLL < trained.Trained.NLL {
			trained = n
		}
		if n.Foretold.NLL < foretold.Foretold.NLL {
			foretold = n
		}
	}
	return trained, foretold
}
