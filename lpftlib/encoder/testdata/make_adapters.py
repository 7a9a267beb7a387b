"""Writes adapters/: adapters as people save them, and the features that PEFT's own reader gives.

    pip install -r requirements-adapters.txt && python make_adapters.py

Every adapter is for testdata/roberta-2. features.json holds the last layer at the first token, in float32,
for the ids of roberta-2/fixture.json, of the model that PeftModel.from_pretrained reads back from the folder.
"""
import json
import os
import pathlib
import shutil

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForSequenceClassification

HERE = pathlib.Path(__file__).parent
OUT = pathlib.Path("adapters")


def model(head):
    return (AutoModelForSequenceClassification if head else AutoModel).from_pretrained("roberta-2")


def features(folder, head):
    torch.manual_seed(11)
    adapted = PeftModel.from_pretrained(model(head), folder).eval()
    base = adapted.get_base_model()
    base = base.roberta if head else base
    encs = json.loads(pathlib.Path("roberta-2/fixture.json").read_text())["encodings"]
    with torch.no_grad():
        return [base(input_ids=torch.tensor([e["ids"]])).last_hidden_state[0, 0].tolist() for e in encs]


def write(name, head=False, drop=(), rename=lambda key: key, **options):
    torch.manual_seed(11)
    options = {"r": 2, "lora_alpha": 6, "target_modules": ["query", "value"], **options}
    adapted = get_peft_model(model(head), LoraConfig(task_type="SEQ_CLS" if head else None, **options))
    for n, p in adapted.named_parameters():
        if "lora_B" in n or ("modules_to_save" in n and "LayerNorm" in n):
            p.data.normal_(0, 0.3)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink()
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({k: v for k, v in config.items() if k not in drop}, indent=1) + "\n")
    weights = load_file(folder / "adapter_model.safetensors")
    save_file({rename(k): v for k, v in weights.items()}, folder / "adapter_model.safetensors")
    (folder / "features.json").write_text(json.dumps(features(folder, head)) + "\n")


def main():
    os.chdir(HERE)
    write("sequence-classifier", head=True)
    write("alpha-and-rank-absent", r=8, lora_alpha=8, drop=("lora_alpha", "r", "target_modules"))
    write("regex", target_modules=r".*\.(query|dense)", exclude_modules=r"pooler\..*")
    write("one-block", layers_to_transform=[1])
    write("excluded", target_modules=["query", "key"], exclude_modules=["layer.0.attention.self.key"])
    write("norms-saved", modules_to_save=["LayerNorm"])
    write("full-names", head=True, target_modules=["roberta.encoder.layer.0.attention.self.query"])
    write("adapter-name-in-keys", rename=lambda k: k.replace(".weight", ".default.weight"))


if __name__ == "__main__":
    main()
