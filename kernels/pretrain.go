package kernels

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Kernel is an empirical kernel between N and M rows of C classes.
type Kernel struct {
	N, C, M int
	Data    []float64 // [N, C, M, C]
}

// At is the entry that pairs logit c of row i with logit d of row j.
func (k *Kernel) At(i, c, j, d int) float64 { return k.Data[((i*k.C+c)*k.M+j)*k.C+d] }

// FrobeniusNorm is FN of Tables 2 and 9: ‖K‖_F.
func (k *Kernel) FrobeniusNorm() float64 {
	sum := 0.0
	for _, v := range k.Data {
		sum += v * v
	}
	return math.Sqrt(sum)
}

// Plus is the sum of two kernels of one shape.
func (k *Kernel) Plus(o *Kernel) *Kernel {
	out := &Kernel{N: k.N, C: k.C, M: k.M, Data: make([]float64, len(k.Data))}
	for i := range out.Data {
		out.Data[i] = k.Data[i] + o.Data[i]
	}
	return out
}

// PretrainEffective is P of equation (2) between features x [N, h] and y [M, h]:
// (⟨φ(x), φ(x')⟩ + 1)·I_C, of the head's weight and bias. For the training kernel pass the
// same features twice.
func PretrainEffective(x, y *mat.Dense, classes int) (*Kernel, error) {
	_, h := x.Dims()
	_, other := y.Dims()
	if h != other {
		return nil, fmt.Errorf("kernels: features have %d and %d columns: expected the same model's on both sides", h, other)
	}
	if classes < 1 {
		return nil, fmt.Errorf("kernels: %d classes: expected at least 1", classes)
	}
	n, _ := x.Dims()
	m, _ := y.Dims()
	var gram mat.Dense
	gram.Mul(x, y.T())
	k := &Kernel{N: n, C: classes, M: m, Data: make([]float64, n*classes*m*classes)}
	for i := range n {
		for c := range classes {
			for j := range m {
				k.Data[((i*classes+c)*m+j)*classes+c] = gram.At(i, j) + 1
			}
		}
	}
	return k, nil
}
