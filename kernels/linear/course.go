package linear

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// CourseStep is the model after a number of steps of gradient descent.
type CourseStep struct {
	Step          int       `json:"step"`
	Loss          float64   `json:"loss"`           // summed cross entropy of the training rows
	HeadNorms     []float64 `json:"head_norms"`     // ‖v_k‖ [C]
	FeatureChange float64   `json:"feature_change"` // ‖φ − φ0‖ over the test rows: zero where they are orthogonal to the training rows (6)
}

// Course trains by full-batch gradient descent with rate eta on the summed cross entropy of x [N, d] with labels [N],
// and returns the model at the end with one record for the start and each step. test [M, d] are the rows whose features
// are watched.
func (m *Model) Course(x *mat.Dense, labels []int, test *mat.Dense, eta float64, steps int) (*Model, []CourseStep, error) {
	if steps < 0 {
		return nil, nil, fmt.Errorf("linear: %d steps: expected 0 or more", steps)
	}
	start := m.Features(test)
	course := make([]CourseStep, 0, steps+1)
	for step := 0; ; step++ {
		var change mat.Dense
		change.Sub(m.Features(test), start)
		record := CourseStep{Step: step, Loss: m.Loss(x, labels), FeatureChange: mat.Norm(&change, 2)}
		classes, _ := m.V.Dims()
		for k := range classes {
			record.HeadNorms = append(record.HeadNorms, floats.Norm(m.V.RawRowView(k), 2))
		}
		course = append(course, record)
		if step == steps {
			return m, course, nil
		}
		next, err := m.Step(x, labels, eta)
		if err != nil {
			return nil, nil, err
		}
		m = next
	}
}

// Loss is the summed cross entropy Σ_i −log softmax(f(x_i))_{y_i} of rows x [N, d] with labels [N].
func (m *Model) Loss(x *mat.Dense, labels []int) float64 {
	sum := 0.0
	f := m.Logits(x)
	for i, y := range labels {
		sum += floats.LogSumExp(f.RawRowView(i)) - f.At(i, y)
	}
	return sum
}
