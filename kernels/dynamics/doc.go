// Package dynamics is what training would do to the logits if the kernel stayed what it is at the start: gradient descent,
// step by step, and its continuous limit, of the model that is linear in its parameters. It needs gonum alone.
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
// how far a real training is from them says whether it is in that regime. A prediction for Adam cannot be made from a
// kernel: its step depends on the gradient entry by entry, which no product of gradients knows. What can be asked of it is
// how near it comes to the flow's path, whatever its speed: [Path.Nearest].
package dynamics
