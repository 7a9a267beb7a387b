package probe

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/head"
)

// Fitted is a linear probe, f(x) = Vφ(x) + b, with the record of how κ was chosen.
type Fitted struct {
	Head  *head.Head `json:"head"`
	Kappa float64    `json:"kappa"`
	// Kappas is the grid; Scores the mean held-out accuracy of each κ; FoldScores the same [folds][len(Kappas)].
	Kappas     []float64   `json:"kappas,omitempty"`
	Scores     []float64   `json:"scores,omitempty"`
	FoldScores [][]float64 `json:"fold_scores,omitempty"`
	// Iterations of the final fit (Newton steps in Fit, L-BFGS steps in Path), and whether it met its tolerance
	// before Options.MaxIter.
	Iterations int  `json:"iterations"`
	Converged  bool `json:"converged"`
	// Stop is the rule that ended the fits; "" for the minimiser.
	Stop Stop `json:"stop,omitempty"`
	// FoldsAtLimit counts the fits of the cross-validation that ended at Options.MaxIter; nil: not recorded.
	FoldsAtLimit *int `json:"folds_at_limit,omitempty"`
	// Halved says that a two-class head was divided by 2 (Options.PaperCompatible).
	Halved bool `json:"halved"`
}

// AtLimit says whether a fit, of the cross-validation or the final one, ended at Options.MaxIter; nil: the
// cross-validation's fits are not recorded.
func (f *Fitted) AtLimit() *bool {
	if f.Converged && f.FoldsAtLimit == nil {
		return nil
	}
	at := !f.Converged || *f.FoldsAtLimit > 0
	return &at
}

// Predict returns the class of the largest logit of each row of x [n, h]; ties go to the lowest id.
func (f *Fitted) Predict(x *mat.Dense) []int {
	logits := f.Head.Logits(x)
	n, _ := logits.Dims()
	classes := make([]int, n)
	for i := range classes {
		classes[i] = argmax(logits.RawRowView(i))
	}
	return classes
}

// String says in one line what was fitted.
func (f *Fitted) String() string {
	notes := ""
	if f.Halved {
		notes = ", halved"
	}
	if f.Stop != "" {
		notes += ", stopped as " + string(f.Stop)
	}
	return fmt.Sprintf("linear head, C = %d, h = %d, κ = %.4g, ‖V‖ = %.4g%s", f.Head.Classes(), f.Head.Hidden(), f.Kappa, f.Head.Norm(), notes)
}

// halve divides a two-class head by 2, the convention of the paper's published code.
func (f *Fitted) halve() {
	f.Halved = f.Head.Classes() == 2
	f.Head = f.Head.Halved()
}

// argmax returns the first position of the largest value.
func argmax(v []float64) int {
	best := 0
	for i, value := range v {
		if value > v[best] {
			best = i
		}
	}
	return best
}

func norm(v []float64) float64 {
	sum := 0.0
	for _, a := range v {
		sum += a * a
	}
	return math.Sqrt(sum)
}
