"""Writes the NTK's oracle fixtures with PyTorch and Hugging Face transformers, in float64.

    pip install -r ../../../lpftlib/encoder/testdata/requirements.txt && python make_fixtures.py

For the two-layer checkpoints of lpftlib/encoder/testdata: a head, texts of unequal lengths in which
a token comes at least three times, and by torch.autograd the Gram matrices [N, C, N, C] and [M, C, N, C]
of every parameter group's gradients. The Go tests read the files and need no Python.
"""
import json
import pathlib
import re

import torch
from transformers import AutoModel

HERE = pathlib.Path(__file__).parent
CHECKPOINTS = HERE.parent.parent.parent / "lpftlib" / "encoder" / "testdata"


def group(name):
    if "word_embeddings" in name:
        return "embeddings.word"
    if name.startswith("embeddings."):
        return "embeddings.rest"
    block = re.match(r"encoder\.layer\.(\d+)\.", name).group(1)
    return ("attention." if ".attention." in name else "ffn.") + block


def texts(config, lengths, seed):
    g = torch.Generator().manual_seed(seed)
    out = []
    for n in lengths:
        ids = torch.randint(5, config.vocab_size, (n,), generator=g).tolist()
        ids = [7 if t % 3 == 1 else v for t, v in enumerate(ids)]
        out.append({"ids": ids, "types": [config.type_vocab_size - 1 if t > n // 2 else 0 for t in range(n)]})
    return out


def jacobian(model, head, text):
    """Every parameter's gradient of every logit, one reverse pass each: {group: [C, p]}."""
    ids, types = torch.tensor([text["ids"]]), torch.tensor([text["types"]])
    phi = model(input_ids=ids, token_type_ids=types, attention_mask=torch.ones_like(ids)).last_hidden_state[:, 0]
    logits = (phi @ head.T)[0]
    names, parameters = zip(*model.named_parameters())
    rows = {}
    for c in range(len(logits)):
        gradients = torch.autograd.grad(logits[c], parameters, retain_graph=True)
        flat = {}
        for name, gradient in zip(names, gradients):
            flat.setdefault(group(name), []).append(gradient.reshape(-1))
        for key, parts in flat.items():
            rows.setdefault(key, []).append(torch.cat(parts))
    return {key: torch.stack(list_) for key, list_ in rows.items()}


def gram(left, right):
    out = {}
    for key in left[0]:
        a, b = torch.stack([j[key] for j in left]), torch.stack([j[key] for j in right])
        out[key] = torch.einsum("icp,jdp->icjd", a, b).reshape(-1).tolist()
    return out


def main():
    for name, classes in {"bert-2": 3, "roberta-2": 2}.items():
        model = AutoModel.from_pretrained(CHECKPOINTS / name, add_pooling_layer=False, attn_implementation="eager").double().eval()
        head = torch.randn(classes, model.config.hidden_size, generator=torch.Generator().manual_seed(9)).double()
        train, test = texts(model.config, [5, 17, 1, 12], 1), texts(model.config, [20, 3], 2)
        rows, others = [jacobian(model, head, t) for t in train], [jacobian(model, head, t) for t in test]
        fixture = {"head": head.reshape(-1).tolist(), "classes": classes, "train": train, "test": test,
                   "f": gram(rows, rows), "f_test": gram(others, rows)}
        (HERE / f"{name}.json").write_text(json.dumps(fixture))


if __name__ == "__main__":
    main()
