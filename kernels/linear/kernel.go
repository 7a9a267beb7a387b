package linear

import (
	"gonum.org/v1/gonum/mat"

	"lpft/kernels"
)

// FeatureKernel is Θ^φ(x, x') = ⟨x, x'⟩ I_h of Corollary 1 between rows of x [M, d] and y [N, d]: a kernel
// [M, h, N, h]. Feature a is B's row a times x, and its gradient is x in that row.
func (m *Model) FeatureKernel(x, y *mat.Dense) *kernels.Kernel {
	h, _ := m.B.Dims()
	return kronecker(times(x, y.T()), identity(h))
}

// PretrainEffective is P(x, x') = ⟨φ(x), φ(x')⟩ I_C, equation (2) without a bias: [M, C, N, C].
func (m *Model) PretrainEffective(x, y *mat.Dense) *kernels.Kernel {
	classes, _ := m.V.Dims()
	return kronecker(times(m.Features(x), m.Features(y).T()), identity(classes))
}

// FTEffective is F(x, x') = V Θ^φ(x, x') Vᵀ = ⟨x, x'⟩ V Vᵀ, equation (3): [M, C, N, C].
func (m *Model) FTEffective(x, y *mat.Dense) *kernels.Kernel {
	return kronecker(times(x, y.T()), times(m.V, m.V.T()))
}

// kronecker is gram ⊗ block: entry [i, c, j, d] is gram[i, j]·block[c, d].
func kronecker(gram *mat.Dense, block mat.Matrix) *kernels.Kernel {
	m, n := gram.Dims()
	c, _ := block.Dims()
	var k mat.Dense
	k.Kronecker(gram, block)
	return &kernels.Kernel{M: m, C: c, N: n, Data: k.RawMatrix().Data}
}

func identity(n int) mat.Matrix {
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	return mat.NewDiagDense(n, ones)
}
