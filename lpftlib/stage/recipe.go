package stage

import (
	"fmt"
	"math"
)

// Recipe are the hyperparameters of the FT stage (docs/protocol.md, FT stage, Table 6).
type Recipe struct {
	Epochs        int     `json:"epochs"`
	Batch         int     `json:"batch"`
	LearningRate  float64 `json:"learning_rate"` // base rate; decays linearly to 0
	Clip          float64 `json:"clip"`          // global gradient norm; 0 switches clipping off
	Seed          uint64  `json:"seed"`          // order and dropout (and the random head, see finetune.NewHead)
	Dropout       bool    `json:"dropout"`       // off only for comparisons with other implementations
	EvalsPerEpoch int     `json:"evals_per_epoch"`

	Optimiser Optimiser `json:"optimiser,omitempty"`
}

// Optimiser is what makes a step of a gradient.
type Optimiser string

// The optimisers. The paper's is Adam; plain gradient descent, without momentum, is what its theory speaks of.
const (
	Adam Optimiser = ""
	SGD  Optimiser = "sgd"
)

// Title is the optimiser's name in tables and figures.
func (o Optimiser) Title() string {
	if o == Adam {
		return "Adam"
	}
	return "SGD"
}

// Check refuses a recipe that so many training rows cannot follow.
func (r Recipe) Check(rows int) error {
	switch {
	case r.Epochs <= 0:
		return fmt.Errorf("epochs is %d: expected at least 1", r.Epochs)
	case r.Batch <= 0:
		return fmt.Errorf("batch is %d: expected at least 1", r.Batch)
	case r.Batch > rows:
		return fmt.Errorf("batch %d is larger than the %d training rows: lower the batch or take more rows", r.Batch, rows)
	case !(r.LearningRate > 0) || math.IsInf(r.LearningRate, 1):
		return fmt.Errorf("learning rate is %g: expected a positive number", r.LearningRate)
	case !(r.Clip >= 0):
		return fmt.Errorf("clip is %g: expected the largest gradient norm, or 0 for no clipping", r.Clip)
	case r.EvalsPerEpoch <= 0:
		return fmt.Errorf("evaluations per epoch is %d: expected at least 1", r.EvalsPerEpoch)
	case r.Optimiser != Adam && r.Optimiser != SGD:
		return fmt.Errorf("optimiser is %q: expected %q, or nothing for Adam", r.Optimiser, SGD)
	}
	return nil
}

// StepsPerEpoch counts batches, the last short one included.
func (r Recipe) StepsPerEpoch(rows int) int { return (rows + r.Batch - 1) / r.Batch }

// Rate is the learning rate of step (from 0) out of total: linear decay, no warm-up.
func (r Recipe) Rate(step, total int) float64 {
	return r.LearningRate * float64(total-step) / float64(total)
}

// RateSum is the learning rate summed over the steps of an epoch, the mean over the epochs: how far the optimiser may go on so
// many training rows. Runs of other batches and rates are comparable by it.
func (r Recipe) RateSum(rows int) float64 {
	steps := r.StepsPerEpoch(rows)
	total := steps * r.Epochs
	sum := 0.0
	for step := range total {
		sum += r.Rate(step, total)
	}
	return sum / float64(r.Epochs)
}
