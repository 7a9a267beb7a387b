package kernels

import (
	"fmt"
	"math"
)

// ScalarFit is the best constant c in F_LoRA ≈ c·F_FT (Proposition 2).
type ScalarFit struct {
	Scalar   float64 `json:"scalar"`   // argmin_c ‖F_LoRA − c·F_FT‖_F
	Residual float64 `json:"residual"` // ‖F_LoRA − c·F_FT‖_F / ‖F_LoRA‖_F, in [0, 1]
}

// FitScalar computes c = ⟨F_FT, F_LoRA⟩ / ‖F_FT‖² and what it leaves. A kernel of zeros is an error.
func FitScalar(ft, lora *Kernel) (ScalarFit, error) {
	if err := sameShape(ft, lora); err != nil {
		return ScalarFit{}, err
	}
	for _, k := range []*Kernel{ft, lora} {
		if err := k.CheckEntries(); err != nil {
			return ScalarFit{}, err
		}
	}
	xx, xy := 0.0, 0.0
	for i, x := range ft.Data {
		xx += x * x
		xy += x * lora.Data[i]
	}
	yy := lora.FrobeniusNorm()
	if xx == 0 || yy == 0 {
		return ScalarFit{}, fmt.Errorf("kernels: ‖F_FT‖ = %g and ‖F_LoRA‖ = %g: no scalar fits a kernel of zeros", math.Sqrt(xx), yy)
	}
	fit := ScalarFit{Scalar: xy / xx}
	left := 0.0 // summed, not 1 − cos², which has no digits left where the fit is good
	for i, x := range ft.Data {
		d := lora.Data[i] - fit.Scalar*x
		left += d * d
	}
	fit.Residual = math.Sqrt(left) / yy
	return fit, nil
}

// TraceShares returns tr(F_g)/tr(F) for the parameter groups' training kernels F_g with F = Σ_g F_g: how much of the
// FT-effective component is in the embeddings, in each attention block, in each feed-forward block. The shares add up
// to 1.
func TraceShares(groups []*Kernel) ([]float64, error) {
	if len(groups) == 0 {
		return nil, fmt.Errorf("kernels: no parameter groups: expected the kernel of at least one")
	}
	shares := make([]float64, len(groups))
	total := 0.0
	for g, k := range groups {
		if err := sameShape(groups[0], k); err != nil {
			return nil, err
		}
		if err := k.checkTraining("a share of tr(F)"); err != nil {
			return nil, err
		}
		shares[g] = k.Matrix().Trace()
		total += shares[g]
	}
	if !(total > 0) {
		return nil, fmt.Errorf("kernels: tr(F) = %g: expected a positive number; is the head zero?", total)
	}
	for g := range shares {
		shares[g] /= total
	}
	return shares, nil
}
