package kernels

import (
	"fmt"
	"math"
)

// sumTolerance is how far sums of kernels may be off, relative to the largest number.
const sumTolerance = 1e-12

// Check runs the self-checks of docs/protocol.md, Self-checks: the training kernels pass [Kernel.Check], the groups
// sum to F, P + F is Θ, and P has the pattern K ⊗ I_C.
func (r *Result) Check() error {
	for _, part := range []struct {
		name string
		k    *Kernel
	}{{"P", r.P}, {"F", r.F}, {"Theta", r.Theta}} {
		if err := part.k.Check(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	sum := &Kernel{N: r.F.N, C: r.F.C, M: r.F.M, Data: make([]float64, len(r.F.Data))}
	for _, g := range r.Groups {
		sum = sum.plus(g.Train)
	}
	if off := sum.distance(r.F); off > sumTolerance {
		return fmt.Errorf("kernels: the groups' kernels sum to F up to %.2g only: expected %g", off, sumTolerance)
	}
	if off := r.P.plus(r.F).distance(r.Theta); off > sumTolerance {
		return fmt.Errorf("kernels: P + F is Theta up to %.2g only: expected %g", off, sumTolerance)
	}
	return r.P.CheckPretrainEffective()
}

// distance is the largest difference relative to the largest number of o.
func (k *Kernel) distance(o *Kernel) float64 {
	off := 0.0
	for i, v := range k.Data {
		off = max(off, math.Abs(v-o.Data[i]))
	}
	if size := o.maxAbs(); size > 0 {
		return off / size
	}
	return off
}
