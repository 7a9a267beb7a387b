package study

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// PaperFolds are the folds by which the paper's linear probes choose κ*, scikit-learn's default.
const PaperFolds = 5

// Stability is linear probing with the training rows in one order: the strength κ* and the head that each number of folds
// and each stopping rule give.
type Stability struct {
	Task   string     `json:"task"`
	Order  uint64     `json:"order"`  // seed of the row order
	Random float64    `json:"random"` // ‖V‖ of the random head of that seed, from which FT starts
	Fits   []ProbeFit `json:"fits"`
}

// ProbeFit is one cross-validated probe.
type ProbeFit struct {
	Folds    int       `json:"folds"`
	Stop     string    `json:"stop"` // the stopping rule's name
	Kappa    float64   `json:"kappa"`
	Norm     float64   `json:"norm"`     // ‖V‖
	Accuracy float64   `json:"accuracy"` // on the test rows
	Kappas   []float64 `json:"kappas"`   // the grid
	Scores   []float64 `json:"scores"`   // mean held-out accuracy of each
	Near     int       `json:"near"`     // how many κ score within one standard error, over the folds, of the best
}

// Fit is the probe of some folds and a stopping rule; nil where there is none.
func (s *Stability) Fit(folds int, stop string) *ProbeFit {
	for i := range s.Fits {
		if s.Fits[i].Folds == folds && s.Fits[i].Stop == stop {
			return &s.Fits[i]
		}
	}
	return nil
}

// ProbeStrength is the head that one κ gives, fitted to all training rows: no order and no fold plays a part.
type ProbeStrength struct {
	Kappa    float64 `json:"kappa"`
	Norm     float64 `json:"norm"`     // ‖V‖
	Train    float64 `json:"train"`    // accuracy on the training rows
	Accuracy float64 `json:"accuracy"` // on the test rows
}

// NearBest counts the κ whose mean score is within one standard error of the best one's: scores [folds][κ], and the error is
// that of the best κ's mean over the folds.
func NearBest(scores [][]float64) int {
	folds := len(scores)
	mean := make([]float64, len(scores[0]))
	for _, s := range scores {
		floats.AddScaled(mean, 1/float64(folds), s)
	}
	best, square := floats.MaxIdx(mean), 0.0
	for _, s := range scores {
		square += (s[best] - mean[best]) * (s[best] - mean[best])
	}
	standardError := math.Sqrt(square / float64(folds-1) / float64(folds))
	near := 0
	for _, m := range mean {
		if m >= mean[best]-standardError {
			near++
		}
	}
	return near
}

// AveragedKappa is the first κ whose held-out accuracy, averaged over some fits with one grid, is best: cross-validation
// repeated over row orders.
func AveragedKappa(fits []*ProbeFit) float64 {
	sum := make([]float64, len(fits[0].Kappas))
	for _, f := range fits {
		floats.Add(sum, f.Scores)
	}
	return fits[0].Kappas[floats.MaxIdx(sum)]
}
