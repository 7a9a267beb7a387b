package kernels

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// StepShares says which part of a kernel makes the logits' first change. With Δ_g = Σ_i K_g(x, x_i) δ_i and Δ their sum, the
// change of equation (4), a part's share is
//
//	⟨Δ_g, Δ⟩ / ‖Δ‖²
//
// over all rows and logits. Shares sum to 1; that of a part which works against the whole is negative. δ [N, C] are those of
// [Residuals].
func StepShares(parts []*Kernel, delta *mat.Dense) ([]float64, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("kernels: 0 parts of a kernel: expected at least one")
	}
	var changes []*mat.Dense
	var whole mat.Dense
	for i, k := range parts {
		change, err := k.Times(delta)
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", i, err)
		}
		changes = append(changes, change)
		if i == 0 {
			whole.CloneFrom(change)
			continue
		}
		if err := sameShape(parts[0], k); err != nil {
			return nil, fmt.Errorf("part %d: %w", i, err)
		}
		whole.Add(&whole, change)
	}
	square := dot(&whole, &whole)
	if !(square > 0) {
		return nil, fmt.Errorf("kernels: %d parts that do not move the logits: are all residuals zero?", len(parts))
	}
	shares := make([]float64, len(parts))
	for i, change := range changes {
		shares[i] = dot(change, &whole) / square
	}
	return shares, nil
}

// dot is ⟨a, b⟩ over all entries.
func dot(a, b *mat.Dense) float64 {
	var product mat.Dense
	product.MulElem(a, b)
	return mat.Sum(&product)
}
