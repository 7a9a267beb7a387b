package measure

import (
	"fmt"
	"sort"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// PaperBins is the number of confidence bins in the paper's calibration tables (3, 14, 15).
const PaperBins = 15

// Bin is one bin of a reliability diagram: the rows whose confidence (largest softmax probability) is in (Low, High].
type Bin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Count      int     `json:"count"`
	Accuracy   float64 `json:"accuracy"`   // share of right predictions; 0 in an empty bin
	Confidence float64 `json:"confidence"` // mean confidence; 0 in an empty bin
}

// gap is |accuracy − confidence|.
func (b Bin) gap() float64 { return max(b.Accuracy-b.Confidence, b.Confidence-b.Accuracy) }

// Reliability sorts the rows of logits [n, C] into bins of equal width on [0, 1] by confidence.
func Reliability(logits *mat.Dense, labels []int, bins int) ([]Bin, error) {
	if bins < 1 {
		return nil, fmt.Errorf("measure: calibration: %d bins: expected at least one (the paper uses %d)", bins, PaperBins)
	}
	if err := checkLogits("calibration", logits, labels); err != nil {
		return nil, err
	}
	table := make([]Bin, bins)
	for b := range table {
		table[b].Low, table[b].High = float64(b)/float64(bins), float64(b+1)/float64(bins)
	}
	_, classes := logits.Dims()
	probs := make([]float64, classes)
	for i, label := range labels {
		row := logits.RawRowView(i)
		softmax(row, probs)
		confidence := min(1, floats.Max(probs))
		b := sort.Search(bins-1, func(b int) bool { return confidence <= table[b].High })
		table[b].Count++
		table[b].Confidence += confidence
		if floats.MaxIdx(row) == label {
			table[b].Accuracy++
		}
	}
	for b := range table {
		if count := float64(table[b].Count); count > 0 {
			table[b].Accuracy /= count
			table[b].Confidence /= count
		}
	}
	return table, nil
}
