"""Writes the small tokenizers of the tests and the ids that Hugging Face tokenizers gives.

    pip install -r requirements.txt
    python make_goldens.py                # fixtures of our own: vocabularies and goldens.json
    python make_goldens.py --data DIR     # also real_goldens.json and data_digests.json

DIR holds tokenizers/roberta-base and tokenizers/bert-base-uncased (their vocabularies are not
ours to commit; their ids of our texts are committed) and the data sets' files. data_digests.json
has one SHA-256 for each tokenizer and each *.tsv and *.jsonl file below DIR, over the ids and
token types of every line as it stands (no field is parsed): of line i alone, and, where there is
a line i+1, of the pair (line i, line i+1), both with at most 128 tokens. An encoding of n tokens
is hashed as n, its n ids and its n types, each a little-endian uint32.
"""
import argparse
import hashlib
import json
import re
import struct
from collections import Counter
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from hard_texts import PAIRS, SINGLES

HERE = Path(__file__).parent
CORPUS = """
A film is a long talk between light and dark. The critics liked it, the audience didn't, and that's fine.
The premise says that every dog in the garden was barking; the hypothesis says that some dogs were quiet.
It's hard to know what they're thinking, but we've seen worse, and I'm sure you'll see why he'd rather walk.
Linear probing fits only the head. Fine-tuning moves all the weights, and the features change with them.
When the head is good at the start, the features need not move far, so what was learned before is kept.
The kernel of a wide network stays nearly the same during training, and its eigenvalues tell how fast errors fall.
Does the word bank have the same meaning in both sentences? In the first it is a place for money, in the second a river's edge.
They walked along the river, counting boats: one, two, three, 10, 25, 100, 1984 and 2024.
Quick brown foxes jump over lazy dogs while the moon, bright and cold, looks down on the sleeping town.
"Where were you?" she asked. "Nowhere," he said, "and everywhere." Nobody laughed; nobody ever does.
Some reviews are short. Some reviews, on the other hand, go on and on without ever reaching a verdict.
The acting is wooden, the script is worse, but the music saves whatever can be saved of this sorry mess.
An unexpectedly moving story about growing up, growing old and growing tomatoes on a very small balcony.
Temperature scaling divides the logits by one number, so the predicted class stays, but the confidence changes.
Naïve café owners paid their résumé writers in crème brûlée; the weather in Zürich stayed cold.
""".strip().split("\n")
FLAGGED = [
    AddedToken("LEFT", lstrip=True, normalized=False),
    AddedToken("RIGHT", rstrip=True, normalized=False),
    AddedToken("SOLO", single_word=True, normalized=False),
    AddedToken("Cäseless", normalized=True),
]


def train_bpe():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=len(special) + len(alphabet) + 600, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tok.train_from_iterator(CORPUS, trainer)
    tok.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    return tok


def with_mask_in_vocab(tok):
    """The trained model again, with <mask> its last entry, as in RoBERTa's vocabulary."""
    spec = json.loads(tok.to_str())
    spec["model"]["vocab"]["<mask>"] = len(spec["model"]["vocab"])
    return spec


def bpe_fixtures():
    """RoBERTa's shape in both forms, and GPT-2's with a prefix space and flagged tokens."""
    spec = with_mask_in_vocab(train_bpe())
    tok = Tokenizer.from_str(json.dumps(spec))
    tok.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    save_files(tok, "bpe-files")
    mask = {"mask_token": {"content": "<mask>", "lstrip": True, "normalized": False, "rstrip": False, "single_word": False}}
    (HERE / "bpe-files" / "special_tokens_map.json").write_text(json.dumps(mask) + "\n")
    other = Tokenizer.from_str(tok.to_str())
    other.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    other.post_processor = processors.ByteLevel(trim_offsets=True)
    other.add_tokens(FLAGGED)
    spec = json.loads(other.to_str())
    spec["model"]["merges"] = [" ".join(pair) for pair in spec["model"]["merges"]]  # the older spelling
    for char in ("ð", "Â"):  # bytes 0xf0 and 0xc2 without a token of their own: unknown
        del spec["model"]["vocab"][char]
        spec["model"]["merges"] = [m for m in spec["model"]["merges"] if char not in m]
        spec["model"]["vocab"] = {t: i for t, i in spec["model"]["vocab"].items() if char not in t}
    renumber(spec)
    spec["model"]["unk_token"], spec["model"]["fuse_unk"] = "<unk>", True
    save_json(Tokenizer.from_str(json.dumps(spec)), "bpe-flags", spec)
    tok.enable_truncation(20)  # to be ignored, as in files found in the wild
    tok.enable_padding(length=20, pad_id=1, pad_token="<pad>")
    save_json(tok, "bpe")


def renumber(spec):
    """Closes the gaps that removed entries leave."""
    vocab = {t: i for i, t in enumerate(sorted(spec["model"]["vocab"], key=spec["model"]["vocab"].get))}
    spec["model"]["vocab"] = vocab
    new = len(vocab)
    for added in spec["added_tokens"]:
        if added["content"] in vocab:
            added["id"] = vocab[added["content"]]
        else:
            added["id"], new = new, new + 1


def wordpiece_vocab(lower):
    """Special tokens, characters, and the corpus' most frequent words and parts of words.

    (The library's own trainer gives another vocabulary each time.)
    """
    count = Counter()
    for word in re.findall(r"\w+", " ".join(CORPUS)):
        word = word.lower() if lower else word
        count[word] += 3
        for k in range(2, 5):
            count[word[:k]] += 1
            count.update("##" + word[i : i + k] for i in range(1, len(word) - k + 1))
    chars = "!\"#$%&'()*+,-./:;<=>?@[]0123456789abcdefghijklmnopqrstuvwxyzéèßσς\u0307中文"
    chars += "" if lower else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *chars, *("##" + c for c in chars)]
    tokens += sorted(count, key=lambda t: (-count[t], t))[:300]
    return {t: i for i, t in enumerate(dict.fromkeys(tokens))}


def wordpiece_fixtures():
    """BERT's shape, uncased and cased, each in both forms."""
    for name, lower in (("wordpiece", True), ("wordpiece-cased", False)):
        vocab = wordpiece_vocab(lower)
        tok = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
        tok.add_special_tokens(list(vocab)[:5])
        tok.normalizer = normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lower
        )
        tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        cls, sep = ("[CLS]", 2), ("[SEP]", 3)
        if lower:
            tok.post_processor = processors.TemplateProcessing(
                single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[cls, sep]
            )
            save_files(tok, name + "-files")
        else:
            tok.post_processor = processors.BertProcessing(sep, cls)
            save_files(tok, name + "-files")
            (HERE / (name + "-files") / "tokenizer_config.json").write_text('{"do_lower_case": false}\n')
        save_json(tok, name)
        if lower:
            tok.add_tokens(FLAGGED)
            save_json(tok, "wordpiece-flags")


def save_json(tok, name, spec=None):
    (HERE / name).mkdir(exist_ok=True)
    text = json.dumps(spec or json.loads(tok.to_str()), ensure_ascii=False, separators=(",", ":"))
    (HERE / name / "tokenizer.json").write_text(text + "\n", encoding="utf-8")


def save_files(tok, name):
    (HERE / name).mkdir(exist_ok=True)
    tok.model.save(str(HERE / name))


def load(folder):
    tok = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tok.no_padding()
    tok.no_truncation()
    return tok


def encoding(tok, text, max_len):
    tok.enable_truncation(max_len)
    e = tok.encode(*text) if isinstance(text, tuple) else tok.encode(text)
    return {"ids": e.ids, "types": "".join(map(str, e.type_ids))}


def goldens(tok):
    """Every text at 128 tokens, and what is cut at 16 and 8: pairs, and every tenth single text."""
    out = {}
    for max_len in (128, 16, 8):
        singles = SINGLES if max_len == 128 else SINGLES[::10]
        out[str(max_len)] = [encoding(tok, t, max_len) for t in singles + PAIRS]
    return out


def write_goldens(name, toks):
    body = []
    for tok_name, tok in toks.items():
        per_len = []
        for max_len, rows in goldens(tok).items():
            lines = ",\n".join("   " + json.dumps(r, separators=(",", ":")) for r in rows)
            per_len.append(f'  "{max_len}": [\n{lines}\n  ]')
        body.append(f' "{tok_name}": {{\n' + ",\n".join(per_len) + "\n }")
    (HERE / name).write_text("{\n" + ",\n".join(body) + "\n}\n")


def write_texts():
    texts = {"singles": SINGLES, "pairs": PAIRS}
    (HERE / "texts.json").write_text(json.dumps(texts, indent=1) + "\n")


def digest(tok, path):
    lines = path.read_bytes().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    lines = [line.decode("utf-8") for line in lines]
    h = hashlib.sha256()
    for start in range(0, len(lines), 1000):
        part = lines[start : start + 1001]
        singles = tok.encode_batch(part[:1000])
        pairs = tok.encode_batch(list(zip(part, part[1:])))
        for i, single in enumerate(singles):
            for e in [single] + pairs[i : i + 1]:
                n = len(e.ids)
                h.update(struct.pack(f"<{1 + 2 * n}I", n, *e.ids, *e.type_ids))
    return h.hexdigest()


def write_digests(data, toks):
    files = sorted(
        p.relative_to(data).as_posix() for p in data.rglob("*") if p.suffix in (".tsv", ".jsonl") and p.is_file()
    )
    out = {}
    for name, tok in toks.items():
        tok.enable_truncation(128)
        out[name] = {f: digest(tok, data / f) for f in files}
    (HERE / "data_digests.json").write_text(json.dumps(out, indent=1) + "\n")


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--data", type=Path, help="folder with tokenizers/ and the data sets' files")
    data = args.parse_args().data
    bpe_fixtures()
    wordpiece_fixtures()
    write_texts()
    own = ("bpe", "bpe-flags", "wordpiece", "wordpiece-cased", "wordpiece-flags")
    write_goldens("goldens.json", {name: load(HERE / name) for name in own})
    if data:
        real = {name: load(data / "tokenizers" / name) for name in ("roberta-base", "bert-base-uncased")}
        write_goldens("real_goldens.json", real)
        write_digests(data, real)


if __name__ == "__main__":
    main()
