package kernels

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"lpft/lpftlib/probe"
)

func TestSpectrum(t *testing.T) {
	k := gramKernel(10, 3, 7, 1)
	s, err := SingularValues(k)
	require.NoError(t, err)
	require.Len(t, s, 30)
	require.Equal(t, Ranks{7, 7, 7}, s.Ranks())
	require.InEpsilon(t, k.FrobeniusNorm(), floats.Norm(s, 2), 1e-12)
	require.InEpsilon(t, k.matrix().Trace(), floats.Sum(s), 1e-12) // a Gram matrix's singular values are its eigenvalues
	normalised, err := s.Normalised()
	require.NoError(t, err)
	require.Equal(t, 1.0, normalised[0])
	require.InEpsilon(t, s[3]/s[0], normalised[3], 1e-15)
}

// The three tolerances, between values that lie on their two sides.
func TestRankTolerances(t *testing.T) {
	const size = 100
	values := make([]float64, size)
	for i, v := range []float64{1, 1e-3, 1.3e-5, 1.1e-5, 1.1e-6, 0.9e-6, 3e-14, 1e-14} {
		values[i] = 5 * v
	}
	k := &Kernel{N: size / 2, C: 2, M: size / 2, Data: make([]float64, size*size)}
	for i, v := range values {
		k.Data[(size-1-i)*(size+1)] = v
	}
	s, err := SingularValues(k)
	require.NoError(t, err)
	// 100·2⁻²³ = 1.19e-5, 100·2⁻⁵² = 2.2e-14.
	require.Equal(t, Ranks{Float32: 3, Float64: 7, Millionth: 5}, s.Ranks())
}

// P = G ⊗ I_C has every singular value C times: its rank is a multiple of C, as in the paper's tables.
func TestRankOfP(t *testing.T) {
	x := randomMatrix(12, 4, 2)
	p, err := PretrainEffective(x, x, 3)
	require.NoError(t, err)
	s, err := SingularValues(p)
	require.NoError(t, err)
	require.Equal(t, 3*5, s.Ranks().Float32) // four features and the bias
	for i := 0; i < 15; i += 3 {
		require.InEpsilon(t, s[i], s[i+2], 1e-10)
	}
}

func TestZeroKernelHasNoSpectrum(t *testing.T) {
	k := &Kernel{N: 2, C: 2, M: 2, Data: make([]float64, 16)}
	s, err := SingularValues(k)
	require.NoError(t, err)
	require.Equal(t, Ranks{}, s.Ranks())
	_, err = s.Normalised()
	require.ErrorContains(t, err, "is the kernel zero?")
}

// The rows of an LP head sum to zero, which takes N from the rank of F = V Θ^φ Vᵀ.
func TestRankAfterLP(t *testing.T) {
	const n, classes, h = 15, 3, 6
	x, labels := randomMatrix(n, h, 3), make([]int, n)
	for i := range labels {
		labels[i] = i % classes
	}
	fitted, err := probe.Fit(context.Background(), x, labels, classes, probe.Options{Kappas: []float64{1}})
	require.NoError(t, err)
	rank := func(v *mat.Dense) int {
		j := mat.NewDense(n*classes, 100, nil) // ∂f/∂θ = V ∂φ/∂θ of every row
		for i := range n {
			j.Slice(i*classes, (i+1)*classes, 0, 100).(*mat.Dense).Mul(v, randomMatrix(h, 100, uint64(10+i)))
		}
		var f mat.Dense
		f.Mul(j, j.T())
		s, err := SingularValues(&Kernel{N: n, C: classes, M: n, Data: f.RawMatrix().Data})
		require.NoError(t, err)
		return s.Ranks().Float32
	}
	require.Equal(t, (classes-1)*n, rank(fitted.Head.V))
	require.Equal(t, classes*n, rank(randomMatrix(classes, h, 9)))
}
