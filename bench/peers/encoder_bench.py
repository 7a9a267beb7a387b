"""Tokens per second of PyTorch and Hugging Face transformers on the encoder benchmark's shapes.

    pip install -r bench/peers/requirements.txt
    python bench/peers/encoder_bench.py [--threads 2] [--only Forward/MiniLM] [--seconds 5] [--device cuda [--tf32]]

Same work as ours: Forward is features in evaluation mode, ForwardBackward the gradient of a
scalar of the features with respect to every parameter (lpftlib/encoder), Step a training step with
dropout, clipping and Adam (lpftlib/finetune). Random weights, a vocabulary of 3000, no padding.
One line a figure: name, tokens/s. bench/encoder.sh and bench/gpu.sh show them beside ours.
"""
import torch
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

from shapes import CLASSES, SHAPES, VOCABULARY, arguments, per_second, wanted


class Classifier(torch.nn.Module):
    """Encoder and linear head on the first token."""

    def __init__(self, s, dropout):
        super().__init__()
        config, model = (RobertaConfig, RobertaModel) if s["roberta"] else (BertConfig, BertModel)
        self.encoder = model(config(
            vocab_size=VOCABULARY, hidden_size=s["hidden"], num_hidden_layers=s["layers"], num_attention_heads=s["heads"],
            intermediate_size=s["intermediate"], max_position_embeddings=s["positions"], type_vocab_size=s["types"],
            pad_token_id=s["pad"], layer_norm_eps=s["eps"], hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
        ), add_pooling_layer=False)
        self.head = torch.nn.Linear(s["hidden"], CLASSES)

    def features(self, ids):
        return self.encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[:, 0]


def figure(kind, shape, options):
    s, b, t = SHAPES[shape]
    torch.manual_seed(1)
    model = Classifier(s, 0.1 if kind == "Step" else 0.0).to(options.device)
    model.train(kind == "Step")
    ids = torch.randint(2, VOCABULARY - 100, (b, t), device=options.device)
    labels = torch.arange(b, device=options.device) % CLASSES
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-5, fused=True)  # one pass over memory: PyTorch's fastest

    def step():
        if kind == "Forward":
            with torch.no_grad():
                model.features(ids)
        elif kind == "ForwardBackward":
            model.zero_grad(set_to_none=True)
            model.features(ids).square().sum().backward()
        else:
            optimiser.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model.head(model.features(ids)), labels).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
        if options.device == "cuda":
            torch.cuda.synchronize()

    return per_second(step, b * t, options.seconds)


if __name__ == "__main__":
    options = arguments(__doc__.splitlines()[0])
    torch.set_num_threads(options.threads)
    torch.backends.cuda.matmul.allow_tf32 = options.tf32
    for kind, shape in wanted(options.only):
        print(f"{kind}/{shape} {figure(kind, shape, options):.0f}", flush=True)
