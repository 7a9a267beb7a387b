"""Writes the SentencePiece fixtures, unigram_goldens.json and charsmap.json.

    pip install -r requirements-unigram.txt
    python make_unigram.py

A small model is trained by sentencepiece with replacements of its own, and laid out as transformers lays out
XLM-RoBERTa's (unigram) and CamemBERT's (unigram-camembert). The goldens have the ids that Hugging Face
tokenizers gives for these two and, at 24 tokens, for variants of the first: other parts of tokenizer.json,
named beside their ids. charsmap.json has random texts of characters around which boundaries of graphemes are hard.
"""
import base64
import json
import random

from make_goldens import CORPUS, FLAGGED, HERE, encoding, goldens, load
from hard_texts import PAIRS, SINGLES
from spm import charsmap, normalize, train
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

# Replacements as NFKC has them, white space, deletions, keys that begin others and keys of two characters.
RULES = {
    "\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u2028": " ", "\u3000": " ", "\u2003": " ", "\u0085": " ",
    "\x01": "", "\u200b": "", "\u00ad": "", "\ufeff": "", "\u200e": "",
    "\ufb01": "fi", "\ufb02": "fl", "\u00bd": "1\u20442", "\u00b2": "2", "\u2167": "VIII", "\u2026": "...",
    "\uff26": "F", "\uff21": "A", "\uff41": "a", "\uff11": "1", "\u2122": "TM", "\u00aa": "a", "\u212b": "\u00c5",
    "e\u0301": "\u00e9", "a\u0308": "\u00e4", "i\u0308": "\u00ef", "\u0301": "'", "\u00a8": " \u0308",
    "\uff76\uff9e": "\u30ac", "\uff76": "\u30ab", "\u1112\u1161\u11ab": "\ud55c", "\u00a9": "(c)",
}


def spec(tok):
    return json.loads(tok.to_str())


def template(tok):
    cls, sep = ("<s>", tok.token_to_id("<s>")), ("</s>", tok.token_to_id("</s>"))
    return processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[cls, sep])


def xlm_roberta(model, blob):
    vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + pieces(model)[3:] + [("<mask>", 0.0)]
    tok = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=False))
    tok.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(blob), normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")])
    tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tok.post_processor = template(tok)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tok.add_special_tokens([*special, AddedToken("<mask>", lstrip=True, normalized=False)])
    return tok


def camembert(model, blob):
    vocab = [("<s>NOTUSED", 0.0), ("<pad>", 0.0), ("</s>NOTUSED", 0.0), ("<unk>", 0.0), ("<unk>NOTUSED", -100.0)]
    vocab += pieces(model)[1:] + [("<mask>", 0.0)]
    tok = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=False))
    tok.normalizer = normalizers.Sequence([normalizers.Precompiled(blob), normalizers.Replace(Regex(" {2,}"), " ")])
    tok.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")])
    tok.post_processor = template(tok)
    special = ["<s>NOTUSED", "</s>NOTUSED", "<s>", "<pad>", "</s>", "<unk>"]
    tok.add_special_tokens([*special, AddedToken("<mask>", lstrip=True, normalized=False)])
    return tok


def pieces(model):
    return [(p.piece, p.score) for p in model.pieces]


def variants(base):
    """Names of variants with the parts that differ from base's."""
    def metaspace(scheme, split):
        return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}

    white = {"type": "WhitespaceSplit"}
    squeeze = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    whole = [[f"<0x{b:02X}>", -20.0] for b in range(256)]
    some = [p for p in whole if p[0] != "<0xE4>"]
    yield "first", {"normalizer": None, "pre_tokenizer": metaspace("first", True)}
    yield "first after spaces", {"normalizer": {"type": "Sequence", "normalizers": [squeeze, {"type": "Strip", "strip_left": False, "strip_right": True}]},
                                 "pre_tokenizer": {"type": "Sequence", "pretokenizers": [white, metaspace("first", True)]}}
    yield "never", {"pre_tokenizer": metaspace("never", True)}
    yield "old key", {"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}}
    yield "not split", {"pre_tokenizer": metaspace("always", False)}
    yield "white space alone", {"pre_tokenizer": white}
    yield "no words", {"pre_tokenizer": None, "post_processor": None}
    yield "stripped", {"normalizer": {"type": "Strip", "strip_left": True, "strip_right": True}}
    yield "replaced", {"normalizer": {"type": "Replace", "pattern": {"String": "th"}, "content": "▁d"}}
    yield "another mark", {"pre_tokenizer": {**metaspace("always", True), "replacement": "e"}}
    yield "bytes", {"model": {**base["model"], "byte_fallback": True, "vocab": base["model"]["vocab"] + whole}}
    yield "some bytes", {"model": {**base["model"], "byte_fallback": True, "vocab": base["model"]["vocab"] + some}}
    yield "another unknown", {"model": {**base["model"], "unk_id": 7}}
    flagged = [{"id": len(base["model"]["vocab"]) + i, "content": t.content, "lstrip": t.lstrip, "rstrip": t.rstrip,
                "single_word": t.single_word, "normalized": t.normalized, "special": False} for i, t in enumerate(FLAGGED)]
    yield "added tokens", {"added_tokens": base["added_tokens"] + flagged}


HARD = "aeinf\r\n\t\x00\u0301\u0308\u0600\u06dd\u070f\u00a9\u00ae\u200d\u200c\u200b\u2764\ufe0f\u0915\u094d\u0937\u093c\u0903\u0e33\u1112\u1161\u11ab\uac00\uac01\ud55c\u00ad\u0600\uff76\uff9e\U0001f468\U0001f1e9\U0001f3fd\u00e9 "


def write_charsmap():
    rng = random.Random(17)
    blob = charsmap(RULES)
    texts = ["".join(rng.choice(HARD) for _ in range(rng.randint(2, 12))) for _ in range(600)] + SINGLES
    rows = ",\n".join(json.dumps([t, normalize(blob)(t)]) for t in texts)
    text = f'{{"charsmap": "{base64.b64encode(blob).decode()}",\n"texts": [\n{rows}\n]}}\n'
    (HERE / "charsmap.json").write_text(text)


def write_goldens(rows):
    body = []
    for name, base, parts, got in rows:
        lengths = []
        for max_len, found in got.items():
            lines = ",\n".join("   " + json.dumps(r, separators=(",", ":")) for r in found)
            lengths.append(f'  "{max_len}": [\n{lines}\n  ]')
        body.append(f' {{"name": {json.dumps(name)}, "base": "{base}", "parts": {json.dumps(parts, separators=(",", ":"))}, "goldens": {{\n' + ",\n".join(lengths) + "\n }}")
    (HERE / "unigram_goldens.json").write_text("[\n" + ",\n".join(body) + "\n]\n")


def main():
    model = train(CORPUS, RULES, 420)
    blob = model.normalizer_spec.precompiled_charsmap
    rows = []
    for name, tok in (("unigram", xlm_roberta(model, blob)), ("unigram-camembert", camembert(model, blob))):
        (HERE / name).mkdir(exist_ok=True)
        text = json.dumps(spec(tok), ensure_ascii=False, separators=(",", ":"))
        (HERE / name / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
        rows.append((name, name, {}, goldens(load(HERE / name))))
    base = json.loads((HERE / "unigram" / "tokenizer.json").read_text(encoding="utf-8"))
    for name, parts in variants(base):
        tok = Tokenizer.from_str(json.dumps({**base, **parts}))
        found = [encoding(tok, t, 24) for t in SINGLES + PAIRS[:11]]
        rows.append((name, "unigram", parts, {"24": found}))
    write_goldens(rows)
    write_charsmap()


if __name__ == "__main__":
    main()
