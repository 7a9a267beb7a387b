// Package finetune is the FT stage of every method: FT, LP-FT, LoRA and LP-LoRA
// (docs/protocol.md, FT stage).
//
// The four differ in two switches. Where the head comes from: FT and LoRA start from a
// random head, LP-FT and LP-LoRA from a linear probe's. What is trained: FT and LP-FT train
// every parameter, LoRA and LP-LoRA only low-rank factors on query and value, and the head.
//
//	result, err := finetune.Run(ctx, backend, finetune.Start{Weights: weights, Head: head}, data, recipe, finetune.Hooks{Score: score})
//
// The recipe is the paper's: mean cross entropy, Adam (β 0.9, 0.999, ε 1e-8), linear decay to
// zero without warm-up, global gradient norm clipped at 1, batches reshuffled each epoch with
// the last short one kept, dropout as the model's configuration says, and the epoch with the
// best validation score wins, the earliest of equals.
//
// Two things are done differently from the usual loop, neither of which changes a result.
// A batch is cut into device batches of similar length whose gradients are summed, so that
// short texts are not padded to the longest. And only the rows of the word embedding whose
// tokens occur in the data are trained: the others have gradient zero, and Adam without
// weight decay leaves such parameters where they are.
//
// Graphs are shared by runs of one structure: another seed compiles nothing ([backend.Backend.Once]).
//
// [Watch] takes the same steps for whoever wants to see the model between them, and evaluates nothing by itself.
//
// Everything random comes from the seed and the position (epoch, step), nothing from a
// running generator: a run that was killed continues from its last checkpoint with the same
// numbers, bit for bit on the "go" backend.
package finetune
