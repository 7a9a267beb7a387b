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
// [NTK] computes both for a Transformer, exactly and for all parameters, word embedding included,
// with F split by parameter group:
//
//	k, err := kernels.NTK(ctx, &kernels.Model{Weights: w}, head, train, test, kernels.Options{Backend: be})
//	k.Theta, k.F, k.P          // [N, C, N, C]; k.ThetaTest, …: [M, C, N, C]
//	k.Groups                   // "embeddings.word", "embeddings.rest", "attention.0", "ffn.0", …
//	err = k.Check()            // symmetric, no negative eigenvalue, groups sum to F
//
// It takes C reverse passes of the logits a batch (the published code takes one a feature and
// parameter group), keeps the gradients at every layer's output, and then goes through the layers:
// a block of per-sample gradients is formed for some columns, multiplied into the Gram matrix and
// dropped. Products are taken in float32 over short chunks and summed in float64. Options.Memory
// bounds what is kept; with less, the layers are done in several passes. Options.ResumeDir keeps
// finished groups. Compiled graphs take weights, head and texts as arguments: who wants several
// kernels of one architecture opens [Programs] and compiles once.
//
// Without a kernel: [NTKVector] is K·v in two passes over the rows, [LinearisedLogits] and
// [LinearisedFeatures] are equations (4) and (5) from it. [Jacobian] gives a parameter group's
// gradients themselves, [FeatureKernel] Θ^φ of small models.
//
// Kernels are arrays [N, C, M, C] in C order: entry (i, c, j, d) pairs logit c of row i with
// logit d of row j. Read as a matrix [N·C, M·C] its row index is i·C + c.
package kernels
