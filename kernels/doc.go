// Package kernels is the empirical neural tangent kernel (NTK) of a classifier f(x) = Vφ(x) + b as a matrix: what it is
// made of, its statistics, and its files. It needs gonum alone. Package kernels/ntk computes such kernels for a
// Transformer, kernels/regression fits a logistic regression to one, kernels/dynamics says what training would do if one stayed what
// it is, kernels/linear is the theory on a linear network.
//
// A [Kernel] pairs the C logits of M rows with those of N columns, [M, C, N, C] in C order: entry (i, c, j, d) is
// ⟨∂f_c(x_i)/∂θ, ∂f_d(x_j)/∂θ⟩. Its columns are training rows; of a training kernel the rows are the same ones, [N, C,
// N, C]. [Kernel.Matrix] is gonum's matrix [M·C, N·C] on the same numbers, with row i·C + c.
//
// Proposition 1 of the paper splits the kernel at the start of the FT stage:
//
//	Θ(x, x') = P(x, x') + F(x, x')            C×C for a pair of inputs            (1)
//	P(x, x') = (⟨φ(x), φ(x')⟩ + 1)·I_C        the head's weight and bias          (2)
//	F(x, x') = V Θ^φ(x, x') Vᵀ                the encoder's parameters            (3)
//
// P is the pre-train-effective component: it depends on the pre-trained features alone and is the same for every
// method. [PretrainEffective] computes it. F, the FT-effective component, scales with ‖V‖², which is how linear probing
// changes what fine-tuning does. An [NTK] holds the three, F by parameter group, features and logits:
//
//	k, err := kernels.ReadNTK("K.npz")                        // what `lpft ntk --out K.npz` wrote
//	err = k.Check()                                           // symmetric, no negative eigenvalue, groups sum to F
//	spectrum, err := kernels.SingularValues(k.F)              // all; its Ranks by three tolerances
//	top, err := kernels.Top(ctx, k.F, kernels.TopOptions{K: 100}) // the largest, with vectors, by products alone
//	delta, err := kernels.Residuals(k.Logits, k.Labels)
//	ratio, err := kernels.FTRatio(k.P, k.F, delta)            // the encoder's share in the first change of the logits
//	cka, err := kernels.CKA(k.P, k.F)                         // alignment after centring
//	maps, err := kernels.GroupedBlockNorms(k.F, k.Labels)     // trace norms of C×C blocks, grouped by class
//	m, err := regression.Fit(ctx, k.Theta, k.Labels, regression.Options{})
//
// A kernel from elsewhere is read by [Read], from any .npz with floats [M, C, N, C] or [M, N].
//
// All eigenvalues of a training kernel of N·C = 2,000 rows take 0.21 of the time that gonum's EigenSym takes, of
// 5,000 rows 0.16 (one run each on two busy cores of an Intel Xeon: GODEBUG=asyncpreemptoff=1 GOEXPERIMENT=simd go
// test ./kernels -run '^$' -bench 'Eigenvalues/n=(2000|5000)' -benchtime 1x). They grow as (N·C)³; for the largest alone
// there is [Top], and for a kernel that does not fit into memory [Blocked].
package kernels
