package kernels

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Spectrum is the singular values of a kernel's matrix, largest first, in float64.
type Spectrum []float64

// Ranks counts the singular values above three tolerances; the paper does not state its own (docs/protocol.md, Kernel statistics).
//
// After LP rank(F) is at most (C−1)·N: the rows of an LP head sum to zero, so that F has the null vectors e_i ⊗ 1. That
// is why the tables show 250 for F of LP-FT on RTE, where N = 250 and C = 2, and 488 for FT.
type Ranks struct {
	// Float32 counts σ > σ_max·NC·2⁻²³, the default of common libraries for float32 matrices. It is the one that fits
	// the paper's Tables 2 and 9.
	Float32 int `json:"float32"`
	// Float64 counts σ > σ_max·NC·2⁻⁵²: of a kernel made from float32 gradients it counts rounding noise as well.
	Float64 int `json:"float64"`
	// Millionth counts σ > 1e-6·σ_max.
	Millionth int `json:"millionth"`
}

// SingularValues returns the spectrum of the matrix [N·C, M·C] of a kernel.
func SingularValues(k *Kernel) (Spectrum, error) {
	if err := k.checkEntries(); err != nil {
		return nil, err
	}
	var svd mat.SVD
	if !svd.Factorize(k.matrix(), mat.SVDNone) {
		return nil, fmt.Errorf("kernels: the singular values of a %d×%d kernel did not converge: check its entries", k.N*k.C, k.M*k.C)
	}
	return svd.Values(nil), nil
}

// Above counts the singular values above relative·σ_max. A kernel of zeros has rank 0.
func (s Spectrum) Above(relative float64) int {
	count := 0
	for count < len(s) && s[count] > relative*s[0] {
		count++
	}
	return count
}

// Ranks is the numerical rank by each of the three tolerances; the spectrum is that of a training kernel, of length NC.
func (s Spectrum) Ranks() Ranks {
	size := float64(len(s))
	return Ranks{
		Float32:   s.Above(size * 0x1p-23),
		Float64:   s.Above(size * 0x1p-52),
		Millionth: s.Above(1e-6),
	}
}

// Normalised is every singular value divided by the largest (Figures 2 and 7): the first is 1. It is an error for a
// kernel of zeros.
func (s Spectrum) Normalised() ([]float64, error) {
	if len(s) == 0 || !(s[0] > 0) || math.IsInf(s[0], 1) {
		return nil, fmt.Errorf("kernels: a spectrum without a positive finite largest value has no normalised form: is the kernel zero?")
	}
	out := make([]float64, len(s))
	for i, v := range s {
		out[i] = v / s[0]
	}
	return out, nil
}
