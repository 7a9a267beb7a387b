"""Writes the oracle fixtures of the networks with PyTorch and Hugging Face transformers, in float64.

    pip install -r requirements.txt && python make_fixtures.py

Two-layer random DistilBERT, GPT-2 and RobertaForSequenceClassification (its dense layer, tanh and out_proj
included) with biases and LayerNorms away from 0 and 1; for each, texts of unequal lengths with repeated tokens
(and <pad> inside RoBERTa's), features, and by torch.autograd the Gram matrices [N, C, N, C] and [M, C, N, C] of
every parameter group's gradients, one reverse pass a text and class. The Go tests read the files and need no
Python.
"""
import json
import pathlib
import re
import shutil

import torch
from transformers import (
    DistilBertConfig, DistilBertModel, GPT2Config, GPT2Model, RobertaConfig, RobertaForSequenceClassification)

HERE = pathlib.Path(__file__).parent


def group(name):
    name = re.sub(r"^roberta\.", "", name)
    if re.search(r"word_embeddings|^wte", name):
        return "embeddings.word"
    if re.search(r"^embeddings|^wpe", name):
        return "embeddings.rest"
    if name.startswith("ln_f"):
        return "norm.final"
    if name.startswith("classifier.dense"):
        return "classifier"
    block = re.search(r"\.(\d+)\.", name).group(1)
    attention = re.search(r"\.attention\.|sa_layer_norm|\.attn\.|\.ln_1\.", name)
    return ("attention." if attention else "ffn.") + block


def texts(vocabulary, lengths, seed, pad=None):
    g = torch.Generator().manual_seed(seed)
    out = []
    for n in lengths:
        ids = torch.randint(5, vocabulary, (n,), generator=g).tolist()
        ids = [7 if t % 3 == 1 else v for t, v in enumerate(ids)]
        if pad is not None and n > 6:
            ids[4] = pad
        out.append(ids)
    return out


def jacobian(features, head, parameters, ids):
    phi = features(torch.tensor([ids]))[0]
    logits = head @ phi
    rows = {}
    for c in range(len(logits)):
        gradients = torch.autograd.grad(logits[c], list(parameters.values()), retain_graph=True)
        flat = {}
        for name, gradient in zip(parameters, gradients):
            flat.setdefault(group(name), []).append(gradient.reshape(-1))
        for key, parts in flat.items():
            rows.setdefault(key, []).append(torch.cat(parts))
    return phi.detach(), {key: torch.stack(parts) for key, parts in rows.items()}


def gram(left, right):
    out = {}
    for key in left[0]:
        a, b = torch.stack([j[key] for j in left]), torch.stack([j[key] for j in right])
        out[key] = torch.einsum("icp,jdp->icjd", a, b).reshape(-1).tolist()
    return out


def write(name, model, features, head, train, test, skip=()):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    model.double().eval()
    head = head().double() if callable(head) else head.double()
    parameters = {n: p for n, p in model.named_parameters() if not n.startswith(tuple(skip))}
    rows = [jacobian(features, head, parameters, ids) for ids in train]
    others = [jacobian(features, head, parameters, ids) for ids in test]
    f, f_test = gram([j for _, j in rows], [j for _, j in rows]), gram([j for _, j in others], [j for _, j in rows])
    fixture = {"classes": len(head), "head": head.reshape(-1).tolist(), "train": train, "test": test,
               "phi": [phi.tolist() for phi, _ in rows], "f": f, "f_test": f_test}
    (folder / "fixture.json").write_text(json.dumps(fixture))


def shaken(model, seed):
    """Biases and LayerNorms away from 0 and 1, so that no mistake in them hides."""
    g = torch.Generator().manual_seed(seed)
    for p in model.parameters():
        if p.dim() == 1:
            p.data += 0.3 * torch.randn(p.shape, generator=g)
    return model


def main():
    torch.manual_seed(1)
    random = torch.randn(3, 24, generator=torch.Generator().manual_seed(9))
    model = shaken(DistilBertModel(DistilBertConfig(vocab_size=60, dim=24, n_layers=2, n_heads=3, hidden_dim=40, max_position_embeddings=40,
                                                    initializer_range=0.3, attn_implementation="eager")), 2)
    write("distilbert-2", model, lambda ids: model(input_ids=ids).last_hidden_state[:, 0], random,
          texts(60, [5, 17, 1, 12], 1), texts(60, [20, 3], 2))
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters), "good", "bad", "film"]
    (HERE / "distilbert-2" / "vocab.txt").write_text("\n".join(words) + "\n")  # for the package's example
    model2 = shaken(GPT2Model(GPT2Config(vocab_size=60, n_embd=24, n_layer=2, n_head=3, n_positions=40, n_inner=40, initializer_range=0.3,
                                         bos_token_id=1, eos_token_id=1, attn_implementation="eager")), 3)
    write("gpt2-2", model2, lambda ids: model2(input_ids=ids).last_hidden_state[:, -1], random,
          texts(60, [5, 17, 1, 12], 1), texts(60, [20, 3], 2))
    model3 = shaken(RobertaForSequenceClassification(RobertaConfig(
        vocab_size=60, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=140,
        type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2, num_labels=4, initializer_range=0.3,
        attn_implementation="eager")), 4)

    def features(ids):
        # The head without its last layer; transformers passes <pad> in a text as a token when the mask says so.
        hidden = model3.roberta(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[:, 0]
        return torch.tanh(model3.classifier.dense(hidden))

    write("roberta-classifier-2", model3, features, lambda: model3.classifier.out_proj.weight.detach().clone(),
          texts(60, [8, 31, 128, 64, 17], 5, pad=1), texts(60, [100, 9], 6, pad=1), skip=["classifier.out_proj"])


if __name__ == "__main__":
    main()
