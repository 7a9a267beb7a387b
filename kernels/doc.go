// Package kernels holds the empirical neural tangent kernel (NTK) of a classifier
// f(x) = Vφ(x) + b and the statistics the paper reads from it.
//
// Proposition 1 of the paper splits the kernel at the start of the FT stage:
//
//	Θ(x, x') = P(x, x') + F(x, x')            C×C for a pair of inputs            (1)
//	P(x, x') = (⟨φ(x), φ(x')⟩ + 1)·I_C        the head's weight and bias          (2)
//	F(x, x') = V Θ^φ(x, x') Vᵀ                the encoder's parameters            (3)
//
// P is the pre-train-effective component: it depends on the pre-trained features alone and is
// the same for every method. [PretrainEffective] computes it. F, the FT-effective component,
// scales with ‖V‖², which is how linear probing changes what fine-tuning does.
//
// Kernels are arrays [N, C, M, C] in C order: entry (i, c, j, d) pairs logit c of row i with
// logit d of row j. Read as a matrix [N·C, M·C] its row index is i·C + c.
package kernels
