"""Loads in Python what the Go package saved: models with AutoModel, adapters with PEFT.

    pip install -r requirements.txt && python check_roundtrip.py     # Go must be on the PATH

Runs the Go test that exports models, adapters and features, and compares: every tensor of a
model must have the bits of the fixture it was loaded from, and features must agree to 2e-5.
Prints "ok", or fails.
"""
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import torch
from peft import PeftModel
from safetensors.numpy import load_file
from transformers import AutoModel, AutoModelForSequenceClassification

from make_fixtures import hidden_at_first

HERE = pathlib.Path(__file__).parent


def load(folder):
    model, info = AutoModel.from_pretrained(folder, add_pooling_layer=False, output_loading_info=True)
    assert not any(info.values()), f"{folder}: {info}"
    return model


def compare(what, model, features):
    encs = [{"ids": e["IDs"], "types": e["Types"]} for e in features["encodings"]]
    got = np.array(hidden_at_first(model, encs, model.config.pad_token_id)[-1])
    want = np.array(features[what.name]).reshape(got.shape)
    worst = np.abs(got - want).max()
    print(f"{what.parent.name}/{what.name}: largest difference {worst:.1e}")
    assert worst <= 2e-5, what


def compare_logits(folder, features):
    """The stock sequence classifiers give the linear head's logits: load(φ) with no further code."""
    encs = [{"ids": e["IDs"], "types": e["Types"]} for e in features["encodings"]]
    model, info = AutoModelForSequenceClassification.from_pretrained(folder / "classifier", output_loading_info=True)
    assert not any(info.values()), f"{folder}: {info}"
    base = AutoModelForSequenceClassification.from_pretrained(folder / "model", num_labels=3)
    for name, stock in ("classifier", model), ("peft-classifier", PeftModel.from_pretrained(base, folder / "peft-classifier")):
        stock.eval()
        want = np.array(features[name]).reshape(len(encs), -1)
        with torch.no_grad():
            got = np.array([stock(input_ids=torch.tensor([e["ids"]]), token_type_ids=torch.tensor([e["types"]])).logits[0].numpy() for e in encs])
        worst = np.abs(got - want).max() / np.abs(want).max()
        print(f"{folder.name}/{name}: logits to {worst:.1e} of the largest")
        assert worst <= 1e-5, folder
    assert model.config.id2label == {0: "no", 1: "yes", 2: "maybe"}


def main():
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["go", "test", "-count=1", "-run", "^TestExport$", "."], cwd=HERE.parent, check=True,
                       env=dict(os.environ, ENCODER_EXPORT=root), stdout=subprocess.DEVNULL)
        for folder in sorted(pathlib.Path(root).iterdir()):
            features = json.loads((folder / "features.json").read_text())
            saved, fixture = load_file(folder / "model" / "model.safetensors"), load_file(HERE / folder.name / "model.safetensors")
            assert saved.keys() == fixture.keys(), folder
            assert all(saved[k].tobytes() == fixture[k].tobytes() for k in saved), folder
            compare(folder / "model", load(folder / "model"), features)
            compare_logits(folder, features)
            for adapter in sorted(folder.glob("adapter*")):
                compare(adapter, PeftModel.from_pretrained(load(folder / "model"), adapter), features)
    print("ok")


if __name__ == "__main__":
    main()
