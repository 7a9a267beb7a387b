package kernels

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// RelativeChange is ‖k − start‖_F / ‖start‖_F.
func RelativeChange(k, start *Kernel) (float64, error) {
	if err := sameShape(k, start); err != nil {
		return 0, err
	}
	size := start.FrobeniusNorm()
	if size == 0 {
		return 0, fmt.Errorf("kernels: a change relative to a kernel of zeros")
	}
	return floats.Distance(k.Data, start.Data, 2) / size, nil
}

// Target is the labels' kernel yyᵀ, where y [N·C] are the rows' one-hot labels one after the other: the kernel whose
// gradient descent moves the logits straight towards the labels.
func Target(labels []int, classes int) (*Kernel, error) {
	n := len(labels)
	k := New(n, classes, n)
	if err := k.CheckLabels(labels); err != nil {
		return nil, err
	}
	for i, c := range labels {
		for j, d := range labels {
			k.Data[((i*classes+c)*n+j)*classes+d] = 1
		}
	}
	return k, nil
}

// EffectiveRank is exp(−Σ p log p) with p the singular values over their sum (Roy and Vetterli, The effective rank, 2007):
// r where r of them are equal and the others zero. A kernel of zeros has none.
func (s Spectrum) EffectiveRank() (float64, error) {
	sum := floats.Sum(s)
	if !(sum > 0) || math.IsInf(sum, 1) {
		return 0, fmt.Errorf("kernels: singular values with the sum %g have no effective rank: expected a positive number", sum)
	}
	entropy := 0.0
	for _, v := range s {
		if p := v / sum; p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	return math.Exp(entropy), nil
}
