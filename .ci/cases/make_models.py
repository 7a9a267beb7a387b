"""make_models.py CASES: writes models.json, what transformers 5.23.0 and peft 0.21.2 make of the folders.

    pip install torch==2.9.1 transformers==5.23.0 peft==0.21.2

Folders that they refuse, or read with weights missing, are ones that lpft refuses: its message holds the
text in REFUSED.
"""
import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer

REFUSED = {
    "enc-missing-all": "absent from config.json",
    "enc-missing-hidden_size": "absent from config.json",
    "enc-missing-vocab_size": "absent from config.json",
    "enc-roberta-wordpiece-types1": "token type 1",
    "st-lfs": "a git-lfs pointer",
    "peft-bin": "adapter_model.bin: not supported",
}


def features(model, folder):
    tok = AutoTokenizer.from_pretrained(folder)
    rows = [json.loads(line) for line in (folder / "in.jsonl").read_text().splitlines()]
    out = []
    for row in rows:
        texts = [[row[k]] for k in ("a", "b") if k in row]
        with torch.no_grad():
            phi = model.eval()(**tok(*texts, return_tensors="pt")).last_hidden_state[0, 0]
        out.append([round(v, 7) for v in phi.tolist()])
    return out


def checkpoint(folder):
    if not folder.name.startswith("st-prefix-"):
        return features(AutoModel.from_pretrained(folder), folder)
    # transformers drops unknown prefixes with a warning and starts from random weights, so they are cut here.
    weights = load_file(folder / "model.safetensors")
    model = AutoModel.from_config(AutoConfig.from_pretrained(folder))
    model.load_state_dict({k.removeprefix("module.").removeprefix("model.").removeprefix("bert."): v for k, v in weights.items()})
    return features(model, folder)


def adapter(folder):
    head = json.loads((folder / "adapter" / "adapter_config.json").read_text()).get("task_type") == "SEQ_CLS"
    kind = AutoModelForSequenceClassification if head else AutoModel
    base = PeftModel.from_pretrained(kind.from_pretrained(folder / "model"), folder / "adapter").get_base_model()
    return features(base.bert if head else base, folder / "model")


def main():
    out = {}
    for prefix, make in (("enc", checkpoint), ("st", checkpoint), ("peft", adapter)):
        for folder in sorted(Path(sys.argv[1]).glob(prefix + "-*")):
            out[folder.name] = REFUSED.get(folder.name) or make(folder)
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in out.items())
    (Path(__file__).parent / "models.json").write_text("{\n" + lines + "\n}\n")


main()
