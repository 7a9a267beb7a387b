package ntk

import (
	"fmt"
	"math"

	"lpft/kernels"
)

// sumTolerance is how far sums of kernels may be off, relative to the largest number.
const sumTolerance = 1e-12

// Check runs the self-checks of protocol 9.5: the training kernels pass [kernels.Kernel.Check], the groups
// sum to F, P + F is Θ, and P has the pattern K ⊗ I_C.
func (r *Result) Check() error {
	for _, part := range []struct {
		name string
		k    *kernels.Kernel
	}{{"P", r.P}, {"F", r.F}, {"Theta", r.Theta}} {
		if err := part.k.Check(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	sum := &kernels.Kernel{N: r.F.N, C: r.F.C, M: r.F.M, Data: make([]float64, len(r.F.Data))}
	for _, g := range r.Groups {
		sum = sum.Plus(g.Train)
	}
	if off := relativeTo(sum, r.F); off > sumTolerance {
		return fmt.Errorf("kernels: the groups' kernels sum to F up to %.2g only: expected %g", off, sumTolerance)
	}
	if off := relativeTo(r.P.Plus(r.F), r.Theta); off > sumTolerance {
		return fmt.Errorf("kernels: P + F is Theta up to %.2g only: expected %g", off, sumTolerance)
	}
	return r.P.CheckPretrainEffective()
}

// relativeTo is the largest difference relative to the largest number of o.
func relativeTo(k, o *kernels.Kernel) float64 {
	off := 0.0
	for i, v := range k.Data {
		off = max(off, math.Abs(v-o.Data[i]))
	}
	if size := o.MaxAbs(); size > 0 {
		return off / size
	}
	return off
}
