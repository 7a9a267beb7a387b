package kernels

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Kernel pairs the C logits of M rows with those of N columns. The columns are training rows; of a training kernel the
// rows are the same ones and M = N.
type Kernel struct {
	M, C, N int
	Data    []float64 // [M, C, N, C]
}

// New is a kernel of zeros.
func New(m, c, n int) *Kernel { return &Kernel{M: m, C: c, N: n, Data: make([]float64, m*c*n*c)} }

// At is the entry that pairs logit c of row i with logit d of column j.
func (k *Kernel) At(i, c, j, d int) float64 { return k.Data[((i*k.C+c)*k.N+j)*k.C+d] }

// Matrix is the kernel as gonum's matrix [M·C, N·C], row i·C + c and column j·C + d. It shares the data.
func (k *Kernel) Matrix() *mat.Dense { return mat.NewDense(k.M*k.C, k.N*k.C, k.Data) }

// FrobeniusNorm is ‖K‖_F, FN of the paper's Tables 2 and 9.
func (k *Kernel) FrobeniusNorm() float64 {
	sum := 0.0
	for _, v := range k.Data {
		sum += v * v
	}
	return math.Sqrt(sum)
}

// MaxAbs is the largest entry without its sign.
func (k *Kernel) MaxAbs() float64 {
	largest := 0.0
	for _, v := range k.Data {
		largest = math.Max(largest, math.Abs(v))
	}
	return largest
}

// Plus is the sum of two kernels of one shape.
func (k *Kernel) Plus(o *Kernel) *Kernel {
	out := New(k.M, k.C, k.N)
	floats.AddTo(out.Data, k.Data, o.Data)
	return out
}

// Times returns Σ_i K(x_j, x_i) δ_i [M, C] for δ [N, C]: the sum in equation (4).
func (k *Kernel) Times(delta *mat.Dense) (*mat.Dense, error) {
	if err := k.CheckEntries(); err != nil {
		return nil, err
	}
	if n, c := delta.Dims(); n != k.N || c != k.C {
		return nil, fmt.Errorf("kernels: residuals [%d, %d] for a kernel with columns [%d, %d]: expected the same", n, c, k.N, k.C)
	}
	flat := mat.DenseCopyOf(delta).RawMatrix().Data // rows without gaps
	product, err := k.Mul(context.Background(), flat)
	return mat.NewDense(k.M, k.C, product), err
}

// Size is the order of a training kernel's matrix, N·C, for [Top].
func (k *Kernel) Size() int { return k.N * k.C }

// Mul is K·v [M·C] of a vector [N·C], on all processors. It makes a kernel an [Operator].
func (k *Kernel) Mul(ctx context.Context, v []float64) ([]float64, error) {
	width := k.N * k.C
	out := make([]float64, k.M*k.C)
	share(len(out), func(from, to int) {
		for p := from; p < to; p++ {
			out[p] = floats.Dot(k.Data[p*width:(p+1)*width], v)
		}
	})
	return out, ctx.Err()
}

// share cuts 0 … n into one run for each processor and waits for all.
func share(n int, run func(from, to int)) {
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() { run(n*w/workers, n*(w+1)/workers) })
	}
	wait.Wait()
}

// PretrainEffective is P of equation (2) between features x [M, h] and y [N, h]: (⟨φ(x), φ(x')⟩ + 1)·I_C, of the
// head's weight and bias. For the training kernel pass the same features twice.
func PretrainEffective(x, y *mat.Dense, classes int) (*Kernel, error) {
	m, h := x.Dims()
	n, other := y.Dims()
	if h != other {
		return nil, fmt.Errorf("kernels: features have %d and %d columns: expected the same model's on both sides", h, other)
	}
	if classes < 1 {
		return nil, fmt.Errorf("kernels: %d classes: expected at least 1", classes)
	}
	var gram mat.Dense
	gram.Mul(x, y.T())
	k := New(m, classes, n)
	for i := range m {
		for c := range classes {
			for j := range n {
				k.Data[((i*classes+c)*n+j)*classes+c] = gram.At(i, j) + 1
			}
		}
	}
	return k, nil
}
