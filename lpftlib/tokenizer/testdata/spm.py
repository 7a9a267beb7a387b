"""Small SentencePiece models: trained on a few sentences, with replacements of one's own."""
import io
import tempfile
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import normalizers


def train(sentences, rules, size):
    """A model over the sentences; rules maps strings to what replaces them."""
    rows = ["\t".join(" ".join(f"{ord(c):X}" for c in s) for s in rule) for rule in rules.items()]
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        tsv = Path(folder) / "rules.tsv"
        tsv.write_text("\n".join(rows) + "\n")
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_writer=out, model_type="unigram", vocab_size=size, hard_vocab_limit=False,
            normalization_rule_tsv=str(tsv), character_coverage=1.0, num_threads=1, minloglevel=2)
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(out.getvalue())
    return model


def charsmap(rules):
    words = ["the quick brown fox", "a b c d e f g", "jumps over the lazy dog"] * 30
    return train(words, rules, 40).normalizer_spec.precompiled_charsmap


def normalize(blob):
    return normalizers.Precompiled(blob).normalize_str
