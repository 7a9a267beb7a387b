package probe

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Head is a fitted linear probe, f(x) = Vφ(x) + b, with the record of how κ was chosen.
type Head struct {
	Weight []float64 `json:"weight"` // V [C, h], row major
	Bias   []float64 `json:"bias"`   // b [C]
	C      int       `json:"classes"`
	H      int       `json:"features"`
	Kappa  float64   `json:"kappa"`
	// Kappas is the grid; Scores the mean held-out accuracy of each κ; FoldScores the same [folds][len(Kappas)].
	Kappas     []float64   `json:"kappas,omitempty"`
	Scores     []float64   `json:"scores,omitempty"`
	FoldScores [][]float64 `json:"fold_scores,omitempty"`
	// Iterations of the final fit (Newton steps in Fit, L-BFGS steps in Path), and whether it met its tolerance
	// before Options.MaxIter.
	Iterations int  `json:"iterations"`
	Converged  bool `json:"converged"`
	// Halved says that a two-class head was divided by 2 (Options.PaperCompatible).
	Halved bool `json:"halved"`
}

// Logits returns Vφ + b [n, C] for features x [n, h]. It panics, as gonum does, if x has not H columns.
func (h *Head) Logits(x *mat.Dense) *mat.Dense {
	var logits mat.Dense
	logits.Mul(x, mat.NewDense(h.C, h.H, h.Weight).T())
	n, _ := logits.Dims()
	for i := range n {
		row := logits.RawRowView(i)
		for c := range row {
			row[c] += h.Bias[c]
		}
	}
	return &logits
}

// Predict returns the class of the largest logit of each row of x [n, h]; ties go to the lowest id.
func (h *Head) Predict(x *mat.Dense) []int {
	logits := h.Logits(x)
	n, _ := logits.Dims()
	classes := make([]int, n)
	for i := range classes {
		classes[i] = argmax(logits.RawRowView(i))
	}
	return classes
}

// Norm is ‖V‖_F, the paper's Norm(C); the bias is not counted.
func (h *Head) Norm() float64 { return norm(h.Weight) }

// String says in one line what was fitted.
func (h *Head) String() string {
	halved := ""
	if h.Halved {
		halved = ", halved"
	}
	return fmt.Sprintf("linear head, C = %d, h = %d, κ = %.4g, ‖V‖ = %.4g%s", h.C, h.H, h.Kappa, h.Norm(), halved)
}

// halve divides a two-class head by 2, the convention of the paper's published code.
func (h *Head) halve() {
	if h.C != 2 {
		return
	}
	for i := range h.Weight {
		h.Weight[i] /= 2
	}
	for i := range h.Bias {
		h.Bias[i] /= 2
	}
	h.Halved = true
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
