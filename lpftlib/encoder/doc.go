// Package encoder is the Transformer of the paper: BERT and RoBERTa encoders of any
// size as GoMLX graphs, with the weights Hugging Face publishes.
//
// A model is two things: a [Config] (read from config.json) and [Weights] (host
// tensors under Hugging Face's names, read from model.safetensors by a strict map:
// every expected tensor must be there in the right shape, and nothing unknown may be).
//
//	cfg, err := encoder.ReadConfig(dir)
//	w, err := encoder.LoadWeights(dir, cfg)
//	run, err := encoder.NewRunner(backend, w, nil)
//	phi, err := run.Features(ctx, encodings, nil)   // [N, h]: last layer at the first token
//
// A process that takes many steps from one checkpoint reads it once ([Load]), and models of one structure share
// compiled graphs, whatever their numbers.
//
// There is one definition of the forward pass, [Forward]. Training, feature extraction
// and the NTK all build it: training switches dropout on, the NTK asks for taps (the
// input and output node of every parameterised layer), LoRA adds its two factors to the
// dense layers it is told to.
//
// A checkpoint may be one file or shards with an index, in float32 or half precision; its
// classification head is not read. LoRA factors are exchanged with Python's PEFT library as
// adapter folders ([LoadPEFT], [LoRAWeights.SavePEFT]), models as folders for
// AutoModel.from_pretrained ([Weights.Save]), with a head for AutoModelForSequenceClassification
// ([Classifier]).
//
// Layers are post-LayerNorm: x ← LN(x + Dropout(Attention(x))), x ← LN(x + Dropout(FFN(x))),
// with the exact (erf) gelu and dropout where Hugging Face has it.
package encoder
