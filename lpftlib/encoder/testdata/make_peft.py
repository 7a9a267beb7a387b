"""Writes the PEFT fixtures: adapters on testdata/roberta-2 made by Python's PEFT library.

    pip install -r requirements.txt && python make_peft.py

For each adapter the folder PEFT saves and, in features.json, the adapted model's last layer at
the first token for the ids of roberta-2/fixture.json, in float32 and float64. B is drawn at
random, so that the adapter changes something.
"""
import json
import os
import pathlib

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, RobertaForSequenceClassification

from make_fixtures import hidden_at_first

HERE = pathlib.Path(__file__).parent


def adapter(name, targets, rank, alpha, classifier=False):
    torch.manual_seed(11)
    kind = RobertaForSequenceClassification if classifier else AutoModel
    model = kind.from_pretrained("roberta-2")  # PEFT writes this name into the adapter's configuration
    model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.1, target_modules=targets))
    for n, p in model.named_parameters():
        if "lora_B" in n:
            p.data.normal_(0, 0.3)
    folder = HERE / name
    model.save_pretrained(folder)
    (folder / "README.md").unlink()  # PEFT's empty model card
    (folder / "adapter_model.safetensors").chmod(0o644)
    encs = json.loads((HERE / "roberta-2" / "fixture.json").read_text())["encodings"]
    plain = model.get_base_model().roberta if classifier else model
    features = {"first": hidden_at_first(plain, encs, 1)[-1], "first64": hidden_at_first(plain.double(), encs, 1)[-1]}
    (folder / "features.json").write_text(json.dumps(features))


if __name__ == "__main__":
    os.chdir(HERE)
    adapter("peft-query-value", ["query", "value"], 3, 6)
    adapter("peft-classifier", ["key", "intermediate.dense", "attention.output.dense"], 2, 5, classifier=True)
