package kernels

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// NTK is a classifier's kernel at the start of the FT stage, equations (1) to (3), with what it was computed from and
// to. Package ntk computes it, [NTK.Write] and [ReadNTK] keep it.
type NTK struct {
	P, F, Theta             *Kernel // of the training rows [N, C, N, C]
	PTest, FTest, ThetaTest *Kernel // of the test rows [M, C, N, C]; nil without test rows
	Groups                  []Group // in sum F

	Phi, PhiTest       *mat.Dense // features φ(x) [N, h] and [M, h]
	Logits, LogitsTest *mat.Dense // Vφ(x) + b [N, C] and [M, C]

	Rows
}

// Group is one parameter group's part of F.
type Group struct {
	Name  string
	Train *Kernel // [N, C, N, C]
	Test  *Kernel // [M, C, N, C]; nil without test rows and in what was read from a file
}

// Rows says which rows a kernel is of, in its order.
type Rows struct {
	Indices, Labels         []int // training rows [N]: numbers within the training split, class ids
	IndicesTest, LabelsTest []int // test rows [M]
}

// sumTolerance is how far sums of kernels may be off, relative to the largest number.
const sumTolerance = 1e-12

// Check verifies what holds for every such kernel: the training kernels pass [Kernel.Check], the groups sum to F,
// P + F is Θ, and P has the pattern K ⊗ I_C.
func (k *NTK) Check() error {
	for _, part := range []struct {
		name string
		k    *Kernel
	}{{"P", k.P}, {"F", k.F}, {"Theta", k.Theta}} {
		if err := part.k.Check(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	sum := New(k.F.M, k.F.C, k.F.N)
	for _, g := range k.Groups {
		sum = sum.Plus(g.Train)
	}
	if off := sum.relativeTo(k.F); off > sumTolerance {
		return fmt.Errorf("kernels: the groups' kernels sum to F up to %.2g only: expected %g", off, sumTolerance)
	}
	if off := k.P.Plus(k.F).relativeTo(k.Theta); off > sumTolerance {
		return fmt.Errorf("kernels: P + F is Theta up to %.2g only: expected %g", off, sumTolerance)
	}
	return k.P.CheckPretrainEffective()
}

// relativeTo is the largest difference relative to the largest number of o.
func (k *Kernel) relativeTo(o *Kernel) float64 {
	off := 0.0
	for i, v := range k.Data {
		off = max(off, math.Abs(v-o.Data[i]))
	}
	if size := o.MaxAbs(); size > 0 {
		return off / size
	}
	return off
}
