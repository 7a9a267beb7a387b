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

// Check verifies what every training kernel must satisfy: M = N, finite entries, symmetry, and a smallest eigenvalue
// of at least −1e-5 times the largest. The error names the first entry or the eigenvalues that are wrong.
func (k *Kernel) Check() error {
	if err := k.checkTraining("a self-check"); err != nil {
		return err
	}
	m, size := k.Matrix(), k.Size()
	tolerance := symmetryTolerance * k.MaxAbs()
	symmetric := mat.NewDense(size, size, nil)
	for i := range size {
		for j := range i + 1 {
			a, b := m.At(j, i), m.At(i, j)
			if math.Abs(a-b) > tolerance {
				return fmt.Errorf("kernels: entry [%d, %d, %d, %d] is %g and its mirror image %g: a training kernel is symmetric; were both sides given the same rows?",
					j/k.C, j%k.C, i/k.C, i%k.C, a, b)
			}
			symmetric.Set(i, j, (a+b)/2)
		}
	}
	values, err := eigenvalues(symmetric)
	if err != nil {
		return err
	}
	if low, high := values[0], values[size-1]; low < -eigenvalueTolerance*high {
		return fmt.Errorf("kernels: smallest eigenvalue %g, largest %g: a Gram matrix has none below −%g of the largest; were blocks of different rows added?",
			low, high, eigenvalueTolerance)
	}
	return nil
}

// CheckPretrainEffective verifies the pattern of P in (2), K ⊗ I_C: every C×C block is one number times the identity.
// It takes training and test kernels.
func (k *Kernel) CheckPretrainEffective() error {
	if err := k.CheckEntries(); err != nil {
		return err
	}
	tolerance := symmetryTolerance * k.MaxAbs()
	for i := range k.M {
		for j := range k.N {
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

// CheckEntries wants a shape without zeros that fits the data, and finite numbers.
func (k *Kernel) CheckEntries() error {
	if k.M < 1 || k.C < 1 || k.N < 1 || len(k.Data) != k.M*k.C*k.N*k.C {
		return fmt.Errorf("kernels: %d entries for shape [%d, %d, %d, %d]: expected their product, and no zero", len(k.Data), k.M, k.C, k.N, k.C)
	}
	for p, v := range k.Data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			d, j := p%k.C, p/k.C%k.N
			c, i := p/(k.C*k.N)%k.C, p/(k.C*k.N*k.C)
			return fmt.Errorf("kernels: entry [%d, %d, %d, %d] is %v: expected finite numbers; check the weights and the logits of row %d", i, c, j, d, v, i)
		}
	}
	return nil
}

// finite refuses infinities and NaN.
func finite(values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("number %d is %v: expected finite numbers", i, v)
		}
	}
	return nil
}

// checkTraining wants a valid training kernel; what names the purpose in the error.
func (k *Kernel) checkTraining(what string) error {
	if err := k.CheckEntries(); err != nil {
		return err
	}
	if k.M != k.N {
		return fmt.Errorf("kernels: %s needs a training kernel [N, C, N, C]: this one has M = %d rows and N = %d columns", what, k.M, k.N)
	}
	return nil
}

// CheckLabels wants one class 0 … C−1 for each of the kernel's rows.
func (k *Kernel) CheckLabels(labels []int) error {
	if len(labels) != k.M {
		return fmt.Errorf("kernels: %d labels for a kernel of %d rows: expected one a row", len(labels), k.M)
	}
	for i, y := range labels {
		if y < 0 || y >= k.C {
			return fmt.Errorf("kernels: label %d of row %d: expected 0 … %d", y, i, k.C-1)
		}
	}
	return nil
}

func sameShape(a, b *Kernel) error {
	if a.M != b.M || a.C != b.C || a.N != b.N {
		return fmt.Errorf("kernels: kernels of shapes [%d, %d, %d, %d] and [%d, %d, %d, %d]: expected the same rows and classes", a.M, a.C, a.N, a.C, b.M, b.C, b.N, b.C)
	}
	return nil
}
