package kernels

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Centred is the kernel of the same gradients without their mean over the rows, logit by logit: H K H with
// H = (I − 11ᵀ/N) ⊗ I_C, for a training kernel.
func (k *Kernel) Centred() (*Kernel, error) {
	if err := k.checkTraining("centring"); err != nil {
		return nil, err
	}
	out := New(k.M, k.C, k.N)
	copy(out.Data, k.Data)
	width, n := k.N*k.C, float64(k.N)
	for p := range width { // along the columns of each row
		row := out.Data[p*width : (p+1)*width]
		for d := range k.C {
			mean := 0.0
			for q := d; q < width; q += k.C {
				mean += row[q] / n
			}
			for q := d; q < width; q += k.C {
				row[q] -= mean
			}
		}
	}
	for c := range k.C { // along the rows of each logit
		mean := make([]float64, width)
		for p := c; p < width; p += k.C {
			floats.AddScaled(mean, 1/n, out.Data[p*width:(p+1)*width])
		}
		for p := c; p < width; p += k.C {
			floats.Sub(out.Data[p*width:(p+1)*width], mean)
		}
	}
	return out, nil
}

// Permuted is a training kernel with its rows in another order: row i is order[i]'s.
func (k *Kernel) Permuted(order []int) (*Kernel, error) {
	if err := k.checkTraining("an order of rows"); err != nil {
		return nil, err
	}
	all := make([]int, k.N)
	for i := range all {
		all[i] = i
	}
	if !slices.Equal(slices.Sorted(slices.Values(order)), all) {
		return nil, fmt.Errorf("kernels: order %v: expected every row from 0 to %d once", order, k.N-1)
	}
	out := New(k.N, k.C, k.N)
	for i, row := range order {
		for c := range k.C {
			for j, column := range order {
				from := ((row*k.C+c)*k.N + column) * k.C
				copy(out.Data[((i*k.C+c)*k.N+j)*k.C:][:k.C], k.Data[from:from+k.C])
			}
		}
	}
	return out, nil
}

// Alignment is ⟨a, b⟩ / (‖a‖ ‖b‖) of two kernels of one shape, their cosine as vectors (Cristianini et al., On
// Kernel-Target Alignment, 2001): 1 if one is a multiple of the other.
func Alignment(a, b *Kernel) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	for _, k := range []*Kernel{a, b} {
		if err := k.CheckEntries(); err != nil {
			return 0, err
		}
	}
	size := a.FrobeniusNorm() * b.FrobeniusNorm()
	if size == 0 {
		return 0, fmt.Errorf("kernels: norms %g and %g: a kernel of zeros is aligned with nothing", a.FrobeniusNorm(), b.FrobeniusNorm())
	}
	return floats.Dot(a.Data, b.Data) / size, nil
}

// CKA is the alignment of two centred training kernels, centred kernel alignment (Cortes et al., Algorithms for
// Learning Kernels Based on Centered Alignment, 2012): what their rows have in common beside their means.
func CKA(a, b *Kernel) (float64, error) {
	a, err := a.Centred()
	if err != nil {
		return 0, err
	}
	if b, err = b.Centred(); err != nil {
		return 0, err
	}
	return Alignment(a, b)
}
