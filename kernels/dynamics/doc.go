// Package dynamics is what training would do to the logits if the kernel stayed what it is at the start: gradient descent
// and Adam, step by step, and gradient descent's continuous limit, of the model that is linear in its parameters. It needs
// gonum alone.
//
// With a fixed kernel Θ0 a step on the mini-batch B with rate η changes the logits of every row x by
//
//	f_{t+1}(x) = f_t(x) + (η_t/|B_t|) Σ_{i∈B_t} Θ0(x, x_i) δ_i(t),    δ_i = e_{y_i} − softmax(f_t(x_i)),
//
// which is equation (4) of the paper with the residuals of the moment, not of the start. [Problem.Descend] follows a
// recipe's batches, rates and clipping; [Problem.Flow] is the limit of small steps with all rows in one batch,
//
//	df(x)/dt = (1/N) Σ_i Θ0(x, x_i) δ_i.
//
//	path, err := dynamics.Whole(k).Descend(ctx, steps, 1)     // k: the kernel at the start, a kernels.NTK
//	alone, err := dynamics.HeadAlone(k).Descend(ctx, steps, 1) // P alone: the encoder stands still
//	dynamics.RelativeError(real, path.Train[t], path.Train[0]) // 0: as predicted; 1: no better than "nothing moves"
//
// Both hold exactly for a model that is linear in its parameters. For a network they are what the NTK regime promises, and
// how far a real training is from them says whether it is in that regime. A kernel does not give Adam's steps: they depend on
// the gradient entry by entry, which no product of gradients knows. [Adam.Train] therefore trains the linear model itself,
// a [Tangent], by products with its Jacobian, which package ntk has for a network without forming it:
//
//	tangent, err := ntk.NewTangent(ctx, model, head, rows, opt)
//	path, err := dynamics.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}.Train(ctx, tangent, labels, steps, 1, []int{len(steps)})
//
// How near a training by whatever optimiser comes to the flow's path at any time is [Path.Nearest].
package dynamics
