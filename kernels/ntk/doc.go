// Package ntk computes the kernels of package kernels for an encoder of texts: exactly, for all parameters, word
// embedding included, with F split by parameter group.
//
//	k, err := ntk.Compute(ctx, &ntk.Model{Weights: w}, head, train, test, ntk.Options{Backend: be})
//	k.Theta, k.F, k.P          // [N, C, N, C]; k.ThetaTest, …: [M, C, N, C]
//	k.Groups                   // "embeddings.word", "embeddings.rest", "attention.0", "ffn.0", …
//	k.Phi, k.Logits            // features [N, h] and Vφ + b [N, C]
//	err = k.Check()            // symmetric, no negative eigenvalue, groups sum to F
//	err = k.Write("K.npz")
//
// The encoder is a [Network], which describes its parameters and layers and builds its forward pass: [Model] is BERT and
// RoBERTa, package networks has DistilBERT, GPT-2 and a stock classifier, and the second example is one of one's own.
// Layers are dense layers, norms (or biases) and embedding tables; parameters of another kind are refused by name.
//
// It takes C reverse passes of the logits a batch (the published code takes one a feature and parameter group), keeps
// the gradients at every layer's output, and then goes through the layers: a block of per-sample gradients is formed
// for some columns, multiplied into the Gram matrix and dropped. Products are taken in float32 over short chunks and
// summed in float64. Options.Memory bounds what is kept; with less, the layers are done in several passes.
// Options.ResumeDir keeps finished groups. Compiled graphs take weights, head and texts as arguments, so that
// several kernels of one architecture compile once when they are given the same [Programs].
//
// Without a kernel: [Product] is K·v in two passes over the rows, an [Operator] gives it to kernels.Top,
// [LinearisedLogits] and [LinearisedFeatures] are the model after one step of gradient descent, equations (4) and (5),
// from it. A [Tangent] is the model that is linear in its parameters, which package dynamics trains by Adam. [Evaluate] is
// a forward pass. [Jacobian] gives a parameter group's gradients themselves, [FeatureKernel] Θ^φ of small models.
package ntk
