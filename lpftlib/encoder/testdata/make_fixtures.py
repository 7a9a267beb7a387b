"""Writes the encoder's oracle fixtures with PyTorch and Hugging Face transformers.

    pip install -r requirements.txt && python make_fixtures.py [MINILM_DIR]

Small randomly initialised BERT and RoBERTa checkpoints (2 and 12 layers) and, for a batch
of ids with unequal lengths, every layer's hidden state at the first token plus the logits
of a fixed head. With MINILM_DIR (all-MiniLM-L6-v2's folder) also that model's features for
fixed ids. The Go tests read the files and need no Python.
"""
import json
import pathlib
import sys

import torch
from transformers import AutoModel, BertConfig, BertModel, RobertaConfig, RobertaModel

HERE = pathlib.Path(__file__).parent


def encodings(vocab, lengths, types, first, pad, seed):
    g = torch.Generator().manual_seed(seed)
    out = []
    for n in lengths:
        ids = torch.randint(5, vocab, (n,), generator=g).tolist()
        ids[0] = first
        second = n // 2 if types > 1 else n
        out.append({"ids": ids, "types": [0 if i < second else 1 for i in range(n)]})
    return out


def hidden_at_first(model, encs, pad):
    longest = max(len(e["ids"]) for e in encs)
    ids = torch.tensor([e["ids"] + [pad] * (longest - len(e["ids"])) for e in encs])
    types = torch.tensor([e["types"] + [0] * (longest - len(e["ids"])) for e in encs])
    mask = torch.tensor([[1] * len(e["ids"]) + [0] * (longest - len(e["ids"])) for e in encs])
    model.eval()
    with torch.no_grad():
        out = model(input_ids=ids, token_type_ids=types, attention_mask=mask, output_hidden_states=True)
    return [layer[:, 0, :].double().tolist() for layer in out.hidden_states]


def save(name, model, encs, pad):
    folder = HERE / name
    model.save_pretrained(folder, safe_serialization=True)
    h = model.config.hidden_size
    head = torch.randn(3, h, generator=torch.Generator().manual_seed(9)) * 0.02
    layers = hidden_at_first(model, encs, pad)
    exact = hidden_at_first(model.double(), encs, pad)
    logits = (torch.tensor(exact[-1], dtype=torch.double) @ head.double().T).tolist()
    fixture = {"encodings": encs, "first": layers, "first64": exact, "head": head.tolist(), "logits64": logits}
    (folder / "fixture.json").write_text(json.dumps(fixture))


def small(name, family, layers, seed, h=24, heads=3, ffn=40, vocab=60, **extra):
    torch.manual_seed(seed)
    config, cls = (BertConfig, BertModel) if family == "bert" else (RobertaConfig, RobertaModel)
    defaults = dict(vocab_size=vocab, hidden_size=h, num_hidden_layers=layers, num_attention_heads=heads,
                    intermediate_size=ffn, max_position_embeddings=40, initializer_range=0.3)
    if family == "roberta":
        defaults.update(type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    model = cls(config(**(defaults | extra)), add_pooling_layer=False)
    for n, p in model.named_parameters():  # biases and LayerNorms away from 0 and 1, so that each one is seen
        if p.dim() == 1:
            p.data.add_(torch.randn_like(p) * 0.1)
    pad = model.config.pad_token_id
    encs = encodings(vocab, [5, 17, 1, 32, 9], model.config.type_vocab_size, 0 if family == "roberta" else 3, pad, seed)
    save(name, model, encs, pad)


def main():
    small("bert-2", "bert", 2, 1)
    small("roberta-2", "roberta", 2, 2)
    small("roberta-12", "roberta", 12, 3, h=16, heads=2, ffn=24, vocab=40)
    if len(sys.argv) > 1:
        model = AutoModel.from_pretrained(sys.argv[1])
        encs = encodings(30522, [4, 23, 128, 60], 2, 101, 0, 4)
        layers = hidden_at_first(model, encs, 0)
        (HERE / "minilm.json").write_text(json.dumps({"encodings": encs, "first": [[[round(v, 7) for v in row] for row in layers[-1]]]}))


if __name__ == "__main__":
    main()
