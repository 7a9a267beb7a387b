"""Holds made-up tokenizers and folders against tokenizers and transformers.

    pip install -r requirements-folders.txt
    python check_folders.py [--seed 1] [--tokenizers 40] [--folders 20]

Random tokenizer.json files (vocabulary, merges, added tokens, template, options) are read by Hugging Face
tokenizers, random tokenizer_config.json, special_tokens_map.json and added_tokens.json beside a fixture by
transformers' AutoTokenizer, with 60 texts each. TestRandomFolders then reads the same folders: ids and token
types are equal (the mask is checked to be all ones here), or the folder is refused.
"""
import argparse
import json
import os
import random
import string
import subprocess
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from folder_oracle import HERE, TEXTS, answers
from make_goldens import CORPUS
from hard_texts import PAIRS, SINGLES

WORDS = ["[E1]", "[/E1]", "<e1>", "Café", "film", "[MASK]", "<mask>", "[PAD]", "one", "E1", "Talk", "é", "<unk>", "[UNK]"]


def sixty(rng):
    return TEXTS + rng.sample(SINGLES, 35) + [list(p) for p in rng.sample(PAIRS, 60 - 35 - len(TEXTS))]


def flags(rng):
    return {k: rng.random() < 0.3 for k in ("lstrip", "rstrip", "normalized", "single_word")}


def token(rng):
    return {"content": rng.choice(WORDS), **flags(rng), "special": rng.random() < 0.5}


OWN = {"bpe": ("RobertaTokenizer", "roberta"), "wordpiece": ("BertTokenizer", "bert"), "unigram": ("XLMRobertaTokenizer", "xlm-roberta")}


def maybe(rng, config, key, values, odds=0.35):
    if rng.random() < odds:
        config[key] = rng.choice(values)


def random_folder(rng, i):
    base = rng.choice(["wordpiece", "wordpiece-files", "wordpiece-flags", "wordpiece-cased", "bpe", "bpe-files", "bpe-flags",
                       "unigram", "unigram-camembert", "unigram", "unigram-camembert"])
    own, model_type = OWN[base.split("-")[0]]
    if base.startswith("unigram") and rng.random() < 0.5:
        own, model_type = "CamembertTokenizer", "camembert"
    config, files = {}, {}
    maybe(rng, config, "tokenizer_class", [own, own + "Fast", "PreTrainedTokenizerFast"], 0.85)
    for key in ("do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space"):
        maybe(rng, config, key, [True, False])
    maybe(rng, config, "truncation_side", ["left", "right"])
    maybe(rng, config, "model_input_names", [["input_ids", "attention_mask"], ["input_ids", "token_type_ids", "attention_mask"]])
    maybe(rng, config, "additional_special_tokens", [["[E1]", "[/E1]"], ["<e1>"], []])
    maybe(rng, config, "extra_special_tokens", [["[E1]"], {"own_token": "<e1>"}], 0.15)
    maybe(rng, config, "mask_token", ["[MASK]" if own[0] == "B" else "<mask>", "film"])
    maybe(rng, config, "model_max_length", [8, 512, 1000000000000000019884624838656])
    maybe(rng, config, "clean_up_tokenization_spaces", [True, False])
    if rng.random() < 0.3:
        config["added_tokens_decoder"] = {str(i): token(rng) for i in sorted(rng.sample(range(800), rng.randint(1, 4)))}
    if rng.random() < 0.4:
        chosen = {}
        maybe(rng, chosen, "additional_special_tokens", [["[E1]", "Café"], ["<e1>"]])
        maybe(rng, chosen, "mask_token", [{"content": "[MASK]" if own[0] == "B" else "<mask>", **flags(rng)}, "one"])
        maybe(rng, chosen, "pad_token", ["[PAD]", "<pad>", None])
        files["special_tokens_map.json"] = json.dumps(chosen)
    if rng.random() < 0.4:
        picked = rng.sample(WORDS, rng.randint(1, 3))
        files["added_tokens.json"] = json.dumps({w: 794 + k for k, w in enumerate(picked)})
    if config or rng.random() < 0.5:
        files["tokenizer_config.json"] = json.dumps(config)
    if rng.random() < 0.6 or "tokenizer_class" not in config:
        files["config.json"] = json.dumps({"model_type": model_type})
    return {"name": f"folder {i}: {base}", "base": base, "files": files, "max_len": rng.choice([128, 24, 9])}


def random_vocab(rng, family):
    letters = string.ascii_lowercase + string.ascii_uppercase + string.digits + string.punctuation + "éß中Σ"
    if family == "BPE":
        from tokenizers.pre_tokenizers import ByteLevel

        alphabet = sorted(ByteLevel.alphabet())
        vocab = {t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>"] + alphabet)}
        merges = []
        while len(merges) < 300:
            a, b = (rng.choice([t for t in list(vocab)[4:] if len(t) < 6]) for _ in range(2))
            if a + b not in vocab:
                vocab[a + b] = len(vocab)
                merges.append([a, b])
        return vocab, merges
    words = {"".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(1, 3))) for _ in range(400)}
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + sorted(letters) + sorted(words) + ["##" + w for w in sorted(words)]
    pieces += ["##" + c for c in sorted(letters) if rng.random() < 0.9]
    return {t: i for i, t in enumerate(dict.fromkeys(pieces))}, None


def random_template(rng, names):
    def special(type_id):
        return {"SpecialToken": {"id": rng.choice(list(names)), "type_id": type_id}}

    def around(texts):
        out = []
        for name in texts:
            kind = rng.randint(0, 1)
            out += [special(kind) for _ in range(rng.randint(0, 2))] + [{"Sequence": {"id": name, "type_id": kind}}]
        return out + [special(0)] * rng.randint(0, 2)

    used = {n: {"id": n, "ids": [i], "tokens": [n]} for n, i in names.items()}
    return {"type": "TemplateProcessing", "single": around("A"), "pair": around("AB"), "special_tokens": used}


def trained_vocab(rng):
    """Scored pieces by the library's trainer, some scores and the unknown piece moved."""
    tok = Tokenizer(models.Unigram())
    tok.pre_tokenizer = pre_tokenizers.Metaspace()
    sentences = rng.sample(SINGLES, 40) + CORPUS
    special = rng.sample(["<unk>", "<s>", "</s>", "<pad>"], 4)
    trainer = trainers.UnigramTrainer(vocab_size=rng.choice([450, 600]), special_tokens=special, unk_token="<unk>", show_progress=False)
    tok.train_from_iterator(sentences, trainer)
    spec = json.loads(tok.to_str())["model"]
    vocab = [[t, s + rng.choice([0, 0, 0, rng.uniform(-3, 3)])] for t, s in spec["vocab"]]
    if rng.random() < 0.3:
        vocab += [[f"<0x{b:02X}>", -9.5] for b in range(256) if rng.random() < 0.999]
    return vocab, spec["unk_id"] if rng.random() < 0.8 else rng.randrange(len(vocab))


def random_normalizer(rng, charsmap, depth=0):
    kind = rng.choice(["Precompiled", "Replace", "Strip", "squeeze"] + ["Sequence", None, "NFKC"] * (depth == 0))
    if kind is None or kind == "NFKC":
        return kind and {"type": kind}
    if kind == "Sequence":
        return {"type": kind, "normalizers": [random_normalizer(rng, charsmap, 1) for _ in range(rng.randint(0, 3))]}
    if kind == "Precompiled":
        return {"type": kind, "precompiled_charsmap": charsmap}
    if kind == "Strip":
        return {"type": kind, "strip_left": rng.random() < 0.5, "strip_right": rng.random() < 0.5}
    pattern = {"Regex": " {2,}"} if kind == "squeeze" else {"String": rng.choice(["a", "``", "the", "\n", "  ", "é"])}
    return {"type": "Replace", "pattern": pattern, "content": rng.choice([" ", "▁", "", "a", "xyz"])}


def random_words(rng):
    meta = {"type": "Metaspace", "replacement": rng.choice(["▁", "▁", "▁", "_"])}
    maybe(rng, meta, "prepend_scheme", ["always", "first", "never"], 0.8)
    maybe(rng, meta, "split", [True, False], 0.6)
    maybe(rng, meta, "add_prefix_space", [True], 0.3)
    white = {"type": "WhitespaceSplit"}
    return rng.choice([meta, meta, white, None, {"type": "Sequence", "pretokenizers": [white, meta]}, {"type": "Sequence", "pretokenizers": [meta]},
                       {"type": "Sequence", "pretokenizers": []}, {"type": "Sequence", "pretokenizers": [meta, white]}])


def unigram_parts(rng):
    vocab, unk = trained_vocab(rng)
    base = json.loads((HERE / "unigram" / "tokenizer.json").read_text(encoding="utf-8"))
    charsmap = base["normalizer"]["normalizers"][0]["precompiled_charsmap"]
    model = {"type": "Unigram", "unk_id": unk, "vocab": vocab, "byte_fallback": rng.random() < 0.4}
    return {t: i for i, (t, _) in enumerate(vocab)}, model, random_normalizer(rng, charsmap), random_words(rng)


def word_parts(rng, family):
    vocab, merges = random_vocab(rng, family)
    if family == "BPE":
        model = {"type": "BPE", "dropout": None, "unk_token": rng.choice([None, "<unk>"]), "continuing_subword_prefix": None,
                 "end_of_word_suffix": None, "fuse_unk": rng.random() < 0.5, "byte_fallback": False, "vocab": vocab, "merges": merges}
        pre = {"type": "ByteLevel", "add_prefix_space": rng.random() < 0.5, "trim_offsets": True, "use_regex": True}
        normalizer = None
    else:
        model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                 "max_input_chars_per_word": rng.choice([100, 5]), "vocab": vocab}
        pre = {"type": "BertPreTokenizer"}
        normalizer = rng.choice([None, {"type": "BertNormalizer", "clean_text": rng.random() < 0.7, "handle_chinese_chars": rng.random() < 0.7,
                                        "strip_accents": rng.choice([None, True, False]), "lowercase": rng.random() < 0.6}])
    return vocab, model, normalizer, pre


def random_tokenizer(rng, i):
    family = rng.choice(["BPE", "WordPiece", "Unigram", "Unigram"])
    if family == "Unigram":
        vocab, model, normalizer, pre = unigram_parts(rng)
    else:
        vocab, model, normalizer, pre = word_parts(rng, family)
    names = {n: vocab[n] for n in (["[CLS]", "[SEP]", "[PAD]"] if family == "WordPiece" else ["<s>", "</s>", "<pad>"])}
    added, at = [], len(model["vocab"])
    for word in rng.sample(WORDS, rng.randint(0, 5)):
        t = {"id": vocab.get(word, at), "content": word, **flags(rng), "special": rng.random() < 0.5}
        at += word not in vocab
        added.append(t)
    cls, sep = list(names.items())[:2]
    post = rng.choice([None, random_template(rng, names), random_template(rng, names), {"type": "BertProcessing", "sep": sep, "cls": cls}])
    spec = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": sorted(added, key=lambda t: t["id"]), "normalizer": normalizer,
            "pre_tokenizer": pre, "post_processor": post, "decoder": None, "model": model}
    return {"name": f"tokenizer {i}: {family}", "files": {"tokenizer.json": json.dumps(spec)}, "max_len": rng.choice([128, 24, 11])}


def tokenizer_answers(case, texts):
    tok = Tokenizer.from_str(case["files"]["tokenizer.json"])
    tok.enable_truncation(case["max_len"])
    try:
        rows = [tok.encode(*t) if isinstance(t, list) else tok.encode(t) for t in texts]
    except BaseException as err:  # the library's own panic: a replacement may shift its offsets into a character
        if type(err).__name__ != "PanicException":
            raise
        return "panics"
    return [{"ids": e.ids, "types": "".join(map(str, e.type_ids))} for e in rows]


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--tokenizers", type=int, default=40)
    args.add_argument("--folders", type=int, default=20)
    args = args.parse_args()
    rng = random.Random(args.seed)
    texts, cases = sixty(rng), []
    for i in range(args.tokenizers):
        case = random_tokenizer(rng, i)
        got = tokenizer_answers(case, texts)
        if isinstance(got, list):
            cases.append({**case, "answers": got})
        else:
            print(case["name"], got)
    tried, tokenizers = 0, len(cases)
    while len(cases) < tokenizers + args.folders:
        case, tried = random_folder(rng, tried), tried + 1
        got = answers(case, texts)
        if isinstance(got, list):
            cases.append({**case, "answers": got})
        else:
            print(case["name"], got)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folders.json"
        path.write_text(json.dumps({"texts": texts, "cases": cases}))
        env = {**os.environ, "LPFT_CHECK_FOLDERS": str(path)}
        run = ["go", "test", "-count=1", "-v", "-run", "TestRandomFolders", "."]
        raise SystemExit(subprocess.run(run, cwd=HERE.parent, env=env).returncode)


if __name__ == "__main__":
    main()
