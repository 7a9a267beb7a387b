// Package networks has encoders whose exact NTK package ntk computes, beside BERT and RoBERTa:
// DistilBERT, GPT-2 (φ at the last token), and RoBERTa with the dense layer of its stock
// classifier.
//
//	net, err := networks.Load(dir)               // by config.json's model_type
//	k, err := ntk.Compute(ctx, net, head, texts, nil, ntk.Options{Backend: be})
//
// Each implements [ntk.Network] and nothing of the engine knows them: they are models to write
// your own after. Checkpoints are read strictly, as in package encoder: every tensor must be
// there in its shape, and nothing of the encoder may be left over.
package networks
