package kernels

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Tolerances of the self-checks, relative to the kernel's largest entry (symmetry, pattern) and to its largest
// eigenvalue: what float32 gradients leave.
const (
	symmetryTolerance   = 1e-5
	eigenvalueTolerance = 1e-5
)

// Check verifies what every training kernel must satisfy: N = M, finite entries, symmetry, and a smallest eigenvalue
// of at least −1e-5 times the largest. The error names the first entry or the eigenvalues that are wrong.
func (k *Kernel) Check() error {
	m, err := k.square("a self-check")
	if err != nil {
		return err
	}
	size := k.N * k.C
	largest := k.MaxAbs()
	symmetric := mat.NewSymDense(size, nil)
	for i := range size {
		for j := i; j < size; j++ {
			a, b := m.At(i, j), m.At(j, i)
			if math.Abs(a-b) > symmetryTolerance*largest {
				return fmt.Errorf("kernels: entry [%d, %d, %d, %d] is %g and its mirror image %g: a training kernel is symmetric; were both sides given the same rows?",
					i/k.C, i%k.C, j/k.C, j%k.C, a, b)
			}
			symmetric.SetSym(i, j, (a+b)/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(symmetric, false) {
		return fmt.Errorf("kernels: the eigenvalues of a %d×%d kernel did not converge: check its entries", size, size)
	}
	values := eigen.Values(nil) // ascending
	low, high := values[0], values[size-1]
	if low < -eigenvalueTolerance*high {
		return fmt.Errorf("kernels: smallest eigenvalue %g, largest %g: a Gram matrix has none below −%g of the largest; were blocks of different rows added?",
			low, high, eigenvalueTolerance)
	}
	return nil
}

// CheckPretrainEffective verifies the pattern of P in (2), K ⊗ I_C: every C×C block is one number times the identity.
// It takes training and test kernels.
func (k *Kernel) CheckPretrainEffective() error {
	if err := k.checkEntries(); err != nil {
		return err
	}
	tolerance := symmetryTolerance * k.MaxAbs()
	for i := range k.N {
		for j := range k.M {
			for c := range k.C {
				for d := range k.C {
					want := 0.0
					if c == d {
						want = k.At(i, 0, j, 0)
					}
					if v := k.At(i, c, j, d); math.Abs(v-want) > tolerance {
						return fmt.Errorf("kernels: entry [%d, %d, %d, %d] of P is %g, expected %g: every block of P is a multiple of the identity",
							i, c, j, d, v, want)
					}
				}
			}
		}
	}
	return nil
}

// checkEntries wants a shape without zeros that fits the data, and finite numbers.
func (k *Kernel) checkEntries() error {
	if k.N < 1 || k.C < 1 || k.M < 1 || len(k.Data) != k.N*k.C*k.M*k.C {
		return fmt.Errorf("kernels: %d entries for shape [%d, %d, %d, %d]: expected their product, and no zero", len(k.Data), k.N, k.C, k.M, k.C)
	}
	for p, v := range k.Data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			d, j := p%k.C, p/k.C%k.M
			c, i := p/(k.C*k.M)%k.C, p/(k.C*k.M*k.C)
			return fmt.Errorf("kernels: entry [%d, %d, %d, %d] is %v: expected finite numbers; check the weights and the logits of row %d", i, c, j, d, v, i)
		}
	}
	return nil
}

// matrix is the kernel as its matrix [N·C, M·C]; it shares the data.
func (k *Kernel) matrix() *mat.Dense { return mat.NewDense(k.N*k.C, k.M*k.C, k.Data) }

// square returns the matrix of a valid training kernel; what names the purpose in the error.
func (k *Kernel) square(what string) (*mat.Dense, error) {
	if err := k.checkEntries(); err != nil {
		return nil, err
	}
	if k.N != k.M {
		return nil, fmt.Errorf("kernels: %s needs a training kernel [N, C, N, C]: this one has N = %d and M = %d", what, k.N, k.M)
	}
	return k.matrix(), nil
}

// MaxAbs is the largest entry without its sign.
func (k *Kernel) MaxAbs() float64 {
	largest := 0.0
	for _, v := range k.Data {
		largest = math.Max(largest, math.Abs(v))
	}
	return largest
}

// checkLabels wants one class 0 … C−1 for each of the kernel's rows.
func (k *Kernel) checkLabels(labels []int) error {
	if len(labels) != k.N {
		return fmt.Errorf("kernels: %d labels for a kernel of %d rows: expected one a row", len(labels), k.N)
	}
	for i, y := range labels {
		if y < 0 || y >= k.C {
			return fmt.Errorf("kernels: label %d of row %d: expected 0 … %d", y, i, k.C-1)
		}
	}
	return nil
}
