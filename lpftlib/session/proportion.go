package session

import (
	"context"
	"math/rand/v2"

	"lpft/kernels"
	"lpft/lpftlib/study"
)

// Proportion is how well F_LoRA ≈ c·F_FT fits, and how well what has nothing to do with LoRA fits. Kernels of one model
// share a large mean over the rows, which any of them is nearly a multiple of: Centred and the baselines are
// what is left without it (claim C9).
type Proportion struct {
	kernels.ScalarFit         // of the kernels as they are
	Centred           float64 // relative residual of the centred kernels
	CentredP          float64 // of P for F_LoRA
	CentredPermuted   float64 // of F_LoRA with its rows permuted, the smallest of twenty
}

// permutations are enough that an order which fits by chance one time in twenty is among them.
const permutations = 20

// LoRAFit is the fit on one task and seed, for the pair from a random head or from LP.
func (s *Session) LoRAFit(ctx context.Context, id string, seed uint64, ft, lora study.Method) (p Proportion, err error) {
	a, err := s.KernelArrays(ctx, study.Spec{Task: id, Method: ft, Seed: seed})
	if err != nil {
		return p, err
	}
	b, err := s.KernelArrays(ctx, study.Spec{Task: id, Method: lora, Seed: seed})
	if err != nil {
		return p, err
	}
	return proportion(a.F, b.F, a.P, seed)
}

func proportion(ft, lora, pre *kernels.Kernel, seed uint64) (p Proportion, err error) {
	if p.ScalarFit, err = kernels.FitScalar(ft, lora); err != nil {
		return p, err
	}
	residual := func(k *kernels.Kernel) (float64, error) {
		left, err := ft.Centred()
		if err != nil {
			return 0, err
		}
		right, err := k.Centred()
		if err != nil {
			return 0, err
		}
		fit, err := kernels.FitScalar(left, right)
		return fit.Residual, err
	}
	if p.Centred, err = residual(lora); err != nil {
		return p, err
	}
	if p.CentredP, err = residual(pre); err != nil {
		return p, err
	}
	rng := rand.New(rand.NewPCG(seed, 0x7065726d))
	p.CentredPermuted = 1
	for range permutations {
		k, err := lora.Permuted(rng.Perm(lora.N))
		if err != nil {
			return p, err
		}
		r, err := residual(k)
		if err != nil {
			return p, err
		}
		p.CentredPermuted = min(p.CentredPermuted, r)
	}
	return p, nil
}
