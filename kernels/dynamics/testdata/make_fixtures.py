"""Writes the oracle fixtures of the linearised model with PyTorch's forward and reverse mode, in float64.

    pip install -r ../../../lpftlib/encoder/testdata/requirements.txt && python make_fixtures.py

For the two-layer checkpoints of lpftlib/encoder/testdata: a head, texts, labels, and what gradient descent does to the
logits and features of the model that is linear in its parameters,

    f_lin(x) = f0(x) + jvp(f)(x)[theta - theta0],    phi_lin(x) = phi0(x) + jvp(phi)(x)[theta - theta0].

First one step on all training rows, which are equations (4) and (5) of the paper; then several on mini-batches with a
falling rate and a clipped gradient; then the same mini-batches by torch.optim.Adam, with every parameter and with the head
alone. No kernel is made: each gradient is a torch.func.vjp at theta0, each prediction a torch.func.jvp. The Go tests read
the files and need no Python.
"""
import json
import pathlib

import torch
from torch.func import functional_call, jvp, vjp
from transformers import AutoModel

HERE = pathlib.Path(__file__).parent
CHECKPOINTS = HERE.parent.parent.parent / "lpftlib" / "encoder" / "testdata"
CLIP = 1.0
STEPS = [([2, 0], 0.02), ([3, 1], 0.015), ([1, 2], 0.01), ([0, 3], 0.005)]
ADAM_RATE = 0.05  # times the rates above


def texts(config, lengths, generator):
    out = []
    for n in lengths:
        ids = torch.randint(5, config.vocab_size, (n,), generator=generator).tolist()
        out.append({"ids": ids, "types": [config.type_vocab_size - 1 if t > n // 2 else 0 for t in range(n)]})
    return out


class Linearised:
    """The model that is linear in its parameters, at a point that gradient descent moves."""

    def __init__(self, model, head, bias):
        self.model = model
        self.start = {name: p.detach() for name, p in model.named_parameters()} | {"head": head, "bias": bias}
        self.moved = {name: torch.zeros_like(p) for name, p in self.start.items()}

    def features(self, rows):
        def of(parameters):
            encoder = {k: v for k, v in parameters.items() if k not in ("head", "bias")}
            out = []
            for text in rows:
                ids, types = torch.tensor([text["ids"]]), torch.tensor([text["types"]])
                given = {"input_ids": ids, "token_type_ids": types, "attention_mask": torch.ones_like(ids)}
                out.append(functional_call(self.model, encoder, (), given).last_hidden_state[0, 0])
            return torch.stack(out)
        return of

    def logits(self, rows):
        features = self.features(rows)
        return lambda parameters: features(parameters) @ parameters["head"].T + parameters["bias"]

    def predicted(self, of):
        value, change = jvp(of, (self.start,), (self.moved,))
        return value + change

    def gradient(self, rows, labels):
        """Of the mean cross entropy of some rows, with its norm."""
        of = self.logits(rows)
        chosen = torch.nn.functional.one_hot(torch.tensor(labels), self.start["bias"].shape[0])
        pull = (torch.softmax(self.predicted(of), -1) - chosen) / len(rows)
        gradient = vjp(of, self.start)[1](pull)[0]
        return gradient, torch.sqrt(sum((g * g).sum() for g in gradient.values())).item()

    def step(self, rows, labels, rate, clip):
        """One step of gradient descent; the norm is clipped as torch.nn.utils.clip_grad_norm_ does."""
        gradient, norm = self.gradient(rows, labels)
        scale = min(1.0, clip / (norm + 1e-6)) if clip else 1.0
        for name, g in gradient.items():
            self.moved[name] = self.moved[name] - rate * scale * g
        return norm

    def adam(self, rows, labels, trained):
        """Yields after each of STEPS by Adam of the named parameters; their gradients are clipped together."""
        optimiser = torch.optim.Adam([self.moved[name] for name in trained], eps=1e-8)
        for chosen, rate in STEPS:
            gradient, _ = self.gradient([rows[i] for i in chosen], [labels[i] for i in chosen])
            for name in trained:
                self.moved[name].grad = gradient[name].detach().clone()
            torch.nn.utils.clip_grad_norm_([self.moved[name] for name in trained], CLIP)
            optimiser.param_groups[0]["lr"] = ADAM_RATE * rate
            optimiser.step()
            yield


def flat(t):
    return t.detach().reshape(-1).tolist()


def fixture(name, classes):
    model = AutoModel.from_pretrained(CHECKPOINTS / name, add_pooling_layer=False, attn_implementation="eager").double().eval()
    g = torch.Generator().manual_seed(4)
    head = 0.3 * torch.randn(classes, model.config.hidden_size, generator=g).double()
    bias = 0.1 * torch.randn(classes, generator=g).double()
    train, test = texts(model.config, [5, 17, 1, 12], g), texts(model.config, [20, 3], g)
    labels = [i % classes for i in (0, 2, 1, 1)]
    out = {"head": flat(head), "bias": flat(bias), "classes": classes, "train": train, "test": test, "labels": labels, "clip": CLIP}

    once = Linearised(model, head, bias)
    features, logits = once.features(test), once.logits(test)
    out["rate"], out["features"], out["logits"] = 0.01, [flat(once.predicted(features))], [flat(once.predicted(logits))]
    once.step(train, labels, out["rate"], clip=0)
    out["features"].append(flat(once.predicted(features)))
    out["logits"].append(flat(once.predicted(logits)))

    lin, norms = Linearised(model, head, bias), []
    out["steps"] = [{"rows": rows, "rate": rate} for rows, rate in STEPS]
    out["path"], out["path_test"] = [flat(lin.predicted(lin.logits(train)))], [flat(lin.predicted(lin.logits(test)))]
    for rows, rate in STEPS:
        norms.append(lin.step([train[i] for i in rows], [labels[i] for i in rows], rate, CLIP))
        out["path"].append(flat(lin.predicted(lin.logits(train))))
        out["path_test"].append(flat(lin.predicted(lin.logits(test))))
    assert max(norms) > CLIP, "no gradient is clipped: lower CLIP"

    out["adam_rate"] = ADAM_RATE
    for key, only in (("adam", None), ("adam_head", ["head", "bias"])):
        lin = Linearised(model, head, bias)
        out[key] = [flat(lin.predicted(lin.logits(train + test)))]
        for _ in lin.adam(train, labels, only or list(lin.start)):
            out[key].append(flat(lin.predicted(lin.logits(train + test))))
    (HERE / f"{name}.json").write_text(json.dumps(out))


if __name__ == "__main__":
    fixture("bert-2", 3)
    fixture("roberta-2", 2)
