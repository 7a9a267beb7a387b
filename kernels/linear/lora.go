package linear

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// LoRA is the model φ(x) = (B + s·B'A) x with a frozen B and trainable B' [h, r], A [r, d] (Proposition 2).
type LoRA struct {
	Model
	A     *mat.Dense // [r, d]
	Up    *mat.Dense // B' [h, r]
	Scale float64    // s = α/r in the usual parametrisation; the proposition has 1
}

// NewLoRA adds adapters of rank r to the model as they are at the start: A ~ N(0, sigma²), B' = 0, scale 1.
func NewLoRA(m *Model, r int, sigma float64, random *rand.Rand) *LoRA {
	h, d := m.B.Dims()
	return &LoRA{Model: *m, A: Normal(r, d, sigma, random), Up: mat.NewDense(h, r, nil), Scale: 1}
}

// Features is φ(x) = (B + s·B'A) x [N, h].
func (l *LoRA) Features(x *mat.Dense) *mat.Dense {
	down := times(x, l.A.T())
	delta := times(down, l.Up.T())
	delta.Scale(l.Scale, delta)
	delta.Add(l.Model.Features(x), delta)
	return delta
}

// Logits is f(x) = Vφ(x) [N, C].
func (l *LoRA) Logits(x *mat.Dense) *mat.Dense { return times(l.Features(x), l.V.T()) }

// PretrainEffective is P = ⟨φ(x), φ(x')⟩ I_C with the adapted features: at the start, where B' = 0, that of the model
// without adapters, equation (9).
func (l *LoRA) PretrainEffective(x, y *mat.Dense) *kernels.Kernel {
	classes, _ := l.V.Dims()
	return kronecker(times(l.Features(x), l.Features(y).T()), identity(classes))
}

// FTEffective is F of A and B' between rows of x [N, d] and y [M, d]: with the gradients of f_c, s·v_c (Ax)ᵀ for B' and
// s·B'ᵀv_c xᵀ for A,
//
//	F(x, x') = s²·(⟨Ax, Ax'⟩ V Vᵀ + ⟨x, x'⟩ V B' B'ᵀ Vᵀ).
//
// At the start only the first term is there, which is what Proposition 2 compares with FT's ⟨x, x'⟩ V Vᵀ.
func (l *LoRA) FTEffective(x, y *mat.Dense) *kernels.Kernel {
	k := kronecker(times(times(x, l.A.T()), times(y, l.A.T()).T()), times(l.V, l.V.T()))
	lifted := times(l.V, l.Up)
	ofA := kronecker(times(x, y.T()), times(lifted, lifted.T()))
	for i := range k.Data {
		k.Data[i] = l.Scale * l.Scale * (k.Data[i] + ofA.Data[i])
	}
	return k
}
