"""Writes training.json: the first 20 training steps of FT and LoRA by PyTorch.

    pip install -r requirements.txt && python make_fixtures.py

The model is the small random RoBERTa of ../../encoder/testdata/roberta-2; data, row order,
head and LoRA factors are drawn here and written into the fixture. Adam, linear decay and
clipping are PyTorch's and transformers' own; everything runs in float64, without dropout.
"""
import json
import math
import pathlib

import torch
from transformers import RobertaModel, get_linear_schedule_with_warmup

HERE = pathlib.Path(__file__).parent
MODEL = HERE.parent.parent / "encoder" / "testdata" / "roberta-2"
ROWS, BATCH, EPOCHS, CLASSES, RANK, ALPHA = 38, 8, 4, 3, 4, 8.0
H = 24


class LoRALinear(torch.nn.Module):
    def __init__(self, inner, a, b):
        super().__init__()
        self.inner, self.scale = inner, ALPHA / RANK
        self.a, self.b = torch.nn.Parameter(a.clone()), torch.nn.Parameter(b.clone())

    def forward(self, x):
        return self.inner(x) + self.scale * (x @ self.a.T) @ self.b.T


def data():
    g = torch.Generator().manual_seed(5)
    texts = []
    for i in range(ROWS):
        n = int(torch.randint(3, 33, (1,), generator=g))
        texts.append([0] + torch.randint(5, 60, (n - 2,), generator=g).tolist() + [2])
    labels = torch.randint(0, CLASSES, (ROWS,), generator=g).tolist()
    orders = [torch.randperm(ROWS, generator=g).tolist() for _ in range(EPOCHS)]
    head = (torch.randn(CLASSES, H, generator=g) * 0.02).tolist()
    lora = {}
    for layer in range(2):
        for part in ("query", "value"):
            a = (torch.rand(RANK, H, generator=g) * 2 - 1) / math.sqrt(H)
            lora[f"encoder.layer.{layer}.attention.self.{part}"] = a.tolist()
    return texts, labels, orders, head, lora


def train(texts, labels, orders, head, lora, rate):
    model = RobertaModel.from_pretrained(MODEL, add_pooling_layer=False).double().eval()  # eval: no dropout
    v = torch.nn.Parameter(torch.tensor(head, dtype=torch.double))
    b = torch.nn.Parameter(torch.zeros(CLASSES, dtype=torch.double))
    if lora:
        for p in model.parameters():
            p.requires_grad_(False)
        for name, a in lora.items():
            parent, part = name.rsplit(".", 1)
            module = model.get_submodule(parent)
            zeros = torch.zeros(H, RANK, dtype=torch.double)
            setattr(module, part, LoRALinear(getattr(module, part), torch.tensor(a, dtype=torch.double), zeros))
    params = [p for p in model.parameters() if p.requires_grad] + [v, b]
    optimiser = torch.optim.Adam(params, lr=rate, betas=(0.9, 0.999), eps=1e-8)
    per_epoch = math.ceil(ROWS / BATCH)
    schedule = get_linear_schedule_with_warmup(optimiser, 0, per_epoch * EPOCHS)
    losses, norms, heads = [], [], []
    for order in orders:
        for at in range(0, ROWS, BATCH):
            rows = order[at:at + BATCH]
            longest = max(len(texts[r]) for r in rows)
            ids = torch.tensor([texts[r] + [1] * (longest - len(texts[r])) for r in rows])
            mask = torch.tensor([[1] * len(texts[r]) + [0] * (longest - len(texts[r])) for r in rows])
            phi = model(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]
            loss = torch.nn.functional.cross_entropy(phi @ v.T + b, torch.tensor([labels[r] for r in rows]))
            optimiser.zero_grad()
            loss.backward()
            norms.append(float(torch.nn.utils.clip_grad_norm_(params, 1.0)))
            optimiser.step()
            schedule.step()
            losses.append(float(loss))
            heads.append(float(v.norm()))
    return {"rate": rate, "losses": losses, "grad_norms": norms, "norm_c": heads}


def main():
    texts, labels, orders, head, lora = data()
    fixture = {"texts": texts, "labels": labels, "orders": orders, "head": head, "lora_a": lora, "rank": RANK, "alpha": ALPHA,
               "batch": BATCH, "epochs": EPOCHS,
               "ft": train(texts, labels, orders, head, None, 1e-3), "lora": train(texts, labels, orders, head, lora, 1e-2)}
    (HERE / "training.json").write_text(json.dumps(fixture))
    for name in ("ft", "lora"):
        print(name, [round(x, 4) for x in fixture[name]["losses"]], [round(x, 2) for x in fixture[name]["grad_norms"]])


if __name__ == "__main__":
    main()
