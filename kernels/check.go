package kernels

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Tolerances of the self-checks (protocol 9.5), relative to the largest number or eigenvalue.
const (
	symmetryTolerance = 1e-6
	sumTolerance      = 1e-12
	eigenTolerance    = 1e-5
)

// Check runs the self-checks of protocol 9.5: the training kernels are symmetric with no
// eigenvalue below −1e-5 of the largest, the groups sum to F, P + F is Θ, and P is the same
// number on the diagonal of every C×C block and zero beside it.
func (r *Result) Check() error {
	for _, part := range []struct {
		name string
		k    *Kernel
	}{{"P", r.P}, {"F", r.F}, {"Theta", r.Theta}} {
		if err := part.k.checkPositive(part.name); err != nil {
			return err
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
	return r.P.checkBlocks()
}

// distance is the largest difference relative to the largest number of o.
func (k *Kernel) distance(o *Kernel) float64 {
	off := 0.0
	for i, v := range k.Data {
		off = max(off, math.Abs(v-o.Data[i]))
	}
	if size := o.largest(); size > 0 {
		return off / size
	}
	return off
}

func (k *Kernel) largest() float64 {
	size := 0.0
	for _, v := range k.Data {
		size = max(size, math.Abs(v))
	}
	return size
}

func (k *Kernel) checkPositive(name string) error {
	n := k.N * k.C
	sym := mat.NewSymDense(n, nil)
	size := k.largest()
	for p := range n {
		for q := range n {
			v, w := k.Data[p*n+q], k.Data[q*n+p]
			if !(math.Abs(v-w) <= symmetryTolerance*size) {
				return fmt.Errorf("kernels: %s is not symmetric: (%d, %d) is %g and (%d, %d) is %g", name, p, q, v, q, p, w)
			}
			if q >= p {
				sym.SetSym(p, q, v)
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(sym, false) {
		return fmt.Errorf("kernels: the eigenvalues of %s do not converge", name)
	}
	values := eigen.Values(nil)
	if least, most := values[0], values[n-1]; least < -eigenTolerance*most {
		return fmt.Errorf("kernels: %s has eigenvalue %g beside the largest %g: expected none below -%g of it", name, least, most, eigenTolerance)
	}
	return nil
}

// checkBlocks makes sure that every C×C block is a multiple of the identity.
func (k *Kernel) checkBlocks() error {
	for i := range k.N {
		for j := range k.M {
			for c := range k.C {
				for d := range k.C {
					if v := k.At(i, c, j, d); (c == d && v != k.At(i, 0, j, 0)) || (c != d && v != 0) {
						return fmt.Errorf("kernels: P's block (%d, %d) is no multiple of the identity: entry (%d, %d) is %g", i, j, c, d, v)
					}
				}
			}
		}
	}
	return nil
}
