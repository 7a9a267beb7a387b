package linear

import (
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// Step is the model after one full-batch step of gradient descent with rate eta on the summed cross entropy of x
// [N, d] with labels [N]; the model itself stays as it is. With δ of [kernels.Residuals],
//
//	V ← V + η Σ_i δ_i φ(x_i)ᵀ,    B ← B + η Σ_i Vᵀ δ_i x_iᵀ.
func (m *Model) Step(x *mat.Dense, labels []int, eta float64) (*Model, error) {
	delta, err := kernels.Residuals(m.Logits(x), labels)
	if err != nil {
		return nil, err
	}
	v, b := times(delta.T(), m.Features(x)), times(times(delta, m.V).T(), x)
	v.Scale(eta, v)
	b.Scale(eta, b)
	v.Add(m.V, v)
	b.Add(m.B, b)
	return &Model{V: v, B: b}, nil
}

// PredictedLogitChange is η Σ_i (P + F)(x, x_i) δ_i, the right side of (4), for rows of test [M, d]: [M, C].
func (m *Model) PredictedLogitChange(test, x *mat.Dense, labels []int, eta float64) (*mat.Dense, error) {
	delta, err := kernels.Residuals(m.Logits(x), labels)
	if err != nil {
		return nil, err
	}
	byP, err := m.PretrainEffective(test, x).Times(delta)
	if err != nil {
		return nil, err
	}
	byF, err := m.FTEffective(test, x).Times(delta)
	if err != nil {
		return nil, err
	}
	byP.Add(byP, byF)
	byP.Scale(eta, byP)
	return byP, nil
}

// PredictedFeatureChange is η Σ_i Θ^φ(x, x_i) Vᵀ δ_i, the right side of (5), for rows of test [M, d]: [M, h].
// By (6) it is zero for x orthogonal to all x_i.
func (m *Model) PredictedFeatureChange(test, x *mat.Dense, labels []int, eta float64) (*mat.Dense, error) {
	delta, err := kernels.Residuals(m.Logits(x), labels)
	if err != nil {
		return nil, err
	}
	change, err := m.FeatureKernel(test, x).Times(times(delta, m.V))
	if err != nil {
		return nil, err
	}
	change.Scale(eta, change)
	return change, nil
}

// StepError compares one real step of gradient descent with (4) and (5): Frobenius norms over the test rows.
type StepError struct {
	Eta           float64 `json:"eta"`
	LogitChange   float64 `json:"logit_change"`   // ‖f − f0‖
	LogitError    float64 `json:"logit_error"`    // ‖f − f0 − (4)‖: falls as η², slope 2 on a log-log plot
	FeatureChange float64 `json:"feature_change"` // ‖φ − φ0‖
	FeatureError  float64 `json:"feature_error"`  // ‖φ − φ0 − (5)‖: rounding only, as φ is linear in B
}

// StepErrors makes one step with each rate and measures the error of both predictions on the rows of test [M, d].
func (m *Model) StepErrors(x *mat.Dense, labels []int, test *mat.Dense, etas []float64) ([]StepError, error) {
	out := make([]StepError, len(etas))
	for i, eta := range etas {
		after, err := m.Step(x, labels, eta)
		if err != nil {
			return nil, err
		}
		logits, err := m.PredictedLogitChange(test, x, labels, eta)
		if err != nil {
			return nil, err
		}
		features, err := m.PredictedFeatureChange(test, x, labels, eta)
		if err != nil {
			return nil, err
		}
		e := StepError{Eta: eta}
		e.LogitChange, e.LogitError = compare(after.Logits(test), m.Logits(test), logits)
		e.FeatureChange, e.FeatureError = compare(after.Features(test), m.Features(test), features)
		out[i] = e
	}
	return out, nil
}

// compare returns ‖after − before‖ and ‖after − before − predicted‖.
func compare(after, before, predicted *mat.Dense) (change, left float64) {
	var d mat.Dense
	d.Sub(after, before)
	change = mat.Norm(&d, 2)
	d.Sub(&d, predicted)
	return change, mat.Norm(&d, 2)
}
