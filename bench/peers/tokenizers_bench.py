"""Sentences per second of Hugging Face tokenizers with one thread, over SST-2's training sentences.

    pip install tokenizers==0.22.2
    LPFT_DATA=... python bench/peers/tokenizers_bench.py

Ours, for the same sentences and vocabularies, one after the other on the same quiet machine:

    LPFT_DATA=... GOMAXPROCS=1 go test -run '^$' -bench 'RoBERTa|BERT' ./lpftlib/tokenizer
"""
import os
import time
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizers  # noqa: E402  (reads the variable above)


def rate(encode, sentences, seconds=3.0):
    """Sentences per second: whole passes until the time is up, the best of them."""
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        encode(sentences)
        best = max(best, len(sentences) / (time.perf_counter() - start))
    return best


def one_by_one(tok):
    def encode(sentences):
        for s in sentences:
            tok.encode(s)

    return encode


def main():
    data = Path(os.environ["LPFT_DATA"])
    lines = (data / "SST-2" / "train.tsv").read_text(encoding="utf-8").split("\n")[1:]
    sentences = [line.split("\t")[0] for line in lines if line]
    print(f"tokenizers {tokenizers.__version__}, one thread, {len(sentences)} sentences")
    for name in ("roberta-base", "bert-base-uncased"):
        tok = tokenizers.Tokenizer.from_file(str(data / "tokenizers" / name / "tokenizer.json"))
        tok.no_padding()
        tok.enable_truncation(128)
        print(f"{name:18} encode one by one  {rate(one_by_one(tok), sentences):10,.0f} sentences/s")
        print(f"{name:18} encode_batch       {rate(tok.encode_batch, sentences):10,.0f} sentences/s")
        print(f"{name:18} encode_batch_fast  {rate(tok.encode_batch_fast, sentences):10,.0f} sentences/s")


if __name__ == "__main__":
    main()
