package linear

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Geometry writes the logits of one input by norms and angles, f_k = ‖v_k‖‖φ‖ cos τ_k + b_k, where v_k is row k of V
// and τ_k its angle to φ. It shows why the head's norm grows: see [Geometry.NormGradient].
type Geometry struct {
	HeadNorms   []float64 // ‖v_k‖ [C]
	Cosines     []float64 // cos τ_k [C]
	Bias        []float64 // b_k [C]
	FeatureNorm float64   // ‖φ‖
}

// NewGeometry reads norms and angles off a head v [C, h], b [C] and a feature phi [h]; none may be zero but b.
func NewGeometry(v *mat.Dense, b, phi []float64) *Geometry {
	classes, _ := v.Dims()
	g := &Geometry{
		HeadNorms: make([]float64, classes), Cosines: make([]float64, classes),
		Bias: append([]float64(nil), b...), FeatureNorm: floats.Norm(phi, 2),
	}
	for k := range classes {
		row := v.RawRowView(k)
		g.HeadNorms[k] = floats.Norm(row, 2)
		g.Cosines[k] = floats.Dot(row, phi) / (g.HeadNorms[k] * g.FeatureNorm)
	}
	return g
}

// Logits is f_k = ‖v_k‖‖φ‖ cos τ_k + b_k [C].
func (g *Geometry) Logits() []float64 {
	f := make([]float64, len(g.Bias))
	for k := range f {
		f[k] = g.HeadNorms[k]*g.FeatureNorm*g.Cosines[k] + g.Bias[k]
	}
	return f
}

// Loss is the cross entropy ℓ = −log softmax(f)_y.
func (g *Geometry) Loss(y int) float64 {
	f := g.Logits()
	return floats.LogSumExp(f) - f[y]
}

// CosineGradient is equation (7), ∂ℓ/∂cos τ_k = (p_k − 1[k=y]) ‖v_k‖‖φ‖ [C]: negative for k = y, positive otherwise.
// It is proportional to ‖v_k‖, so that a large head turns φ by little to gain much.
func (g *Geometry) CosineGradient(y int) []float64 {
	out := g.logitGradient(y)
	for k := range out {
		out[k] *= g.HeadNorms[k] * g.FeatureNorm
	}
	return out
}

// NormGradient is equation (8), ∂ℓ/∂‖v_k‖ = (p_k − 1[k=y]) ‖φ‖ cos τ_k [C]. Once cos τ_y > 0 and cos τ_k < 0 for the
// others, every entry is negative: gradient descent lets every ‖v_k‖ grow.
func (g *Geometry) NormGradient(y int) []float64 {
	out := g.logitGradient(y)
	for k := range out {
		out[k] *= g.FeatureNorm * g.Cosines[k]
	}
	return out
}

// logitGradient is ∂ℓ/∂f_k = p_k − 1[k=y].
func (g *Geometry) logitGradient(y int) []float64 {
	f := g.Logits()
	total := floats.LogSumExp(f)
	for k := range f {
		f[k] = math.Exp(f[k] - total)
	}
	f[y]--
	return f
}
