"""What transformers' AutoTokenizer makes of a folder: shared by make_folders.py and check_folders.py.

A case is {"base": fixture whose files come first, "files": {name: text}, "max_len": n}; its answers are
one {"ids", "types"} for each of TEXTS, or "raises" where transformers does not read the folder.
"""
import shutil
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

HERE = Path(__file__).parent
TEXTS = [
    "A Film is a TALK, naïve Café; the word's bank!",
    "see <mask> now <s> x </s> and [MASK] there [CLS] y[SEP]",
    "mark [E1] Alice [/E1] knows[E2]Bob [e1] <e1>Eve</e1> E1",
    "中文 test résumé Σ ÀÉ done",
    " lead and trail  double ",
    "",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen",
    ["The premise is LONG: one two three four five six seven", "the dogs were quiet."],
    ["short", "a much longer hypothesis of words that are all to be cut at one of the ends"],
    ["It's [E1] here", "it's <mask> not"],
]


def build(case, folder):
    if case.get("base"):
        for file in (HERE / case["base"]).iterdir():
            shutil.copy(file, folder)
    for name, text in case["files"].items():
        (Path(folder) / name).write_text(text, encoding="utf-8")


def answer(tok, text, max_len):
    # A batch of one: called with bare strings, transformers takes an empty second text for none.
    args = [[t] for t in text] if isinstance(text, list) else [[text]]
    e = tok(*args, truncation=True, max_length=max_len)
    if set(e.get("attention_mask", [[1]])[0]) - {1}:
        raise ValueError("a mask that is not all ones")
    ids = e["input_ids"][0]
    types = e["token_type_ids"][0] if "token_type_ids" in e else [0] * len(ids)
    return {"ids": ids, "types": "".join(map(str, types))}


def answers(case, texts=TEXTS):
    with tempfile.TemporaryDirectory() as folder:
        build(case, folder)
        try:
            tok = AutoTokenizer.from_pretrained(folder)
            return [answer(tok, t, case["max_len"]) for t in texts]
        except Exception as err:  # whatever it raises: the folder is not read
            return f"raises {type(err).__name__}"
