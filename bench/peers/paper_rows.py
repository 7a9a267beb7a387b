#!/usr/bin/env python3
"""Fills a folder with those of the paper's data sets that LPFT_DATA lacks: rows of meaningless words, in the
right number and of about the right length, so that `lpft reproduce --profile paper --dry-run` can count tokens.

    python3 bench/peers/paper_rows.py FOLDER     # LPFT_DATA's sets are linked into it

Nothing may be trained on them. Words a text, from the data sets' own descriptions: BoolQ 9 + 108, MRPC 22 + 22, WSC 17,
Amazon 75, DynaSent 14, PubMed 26 a sentence. The numbers of rows are those of the original files.
"""

import json
import os
import pathlib
import random
import sys

random.seed(1)
WORDS = "the of and a to in he was that it his is with as had on for at by from not they which an this were one".split()


def text(words):
    """About that many words: lengths vary by a half either way."""
    return " ".join(random.choices(WORDS, k=random.randint(max(2, words // 2), words * 3 // 2)))


def lines(path, count, row, header=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as f:
        if header:
            f.write(header + "\n")
        for i in range(count):
            f.write(row(i) + "\n")


def boolq(i):
    return json.dumps({"question": text(9), "passage": text(108), "label": i % 2 == 0, "idx": i})


def wsc(i):
    span = {"span1_index": 0, "span2_index": 2, "span1_text": "the", "span2_text": "he"}
    return json.dumps({"text": "the dog he " + text(14), "target": span, "label": i % 2 == 0, "idx": i})


def mrpc(i):
    return "\t".join([str(i % 2), str(i), str(i), text(22), text(22)])


def review(words):
    return lambda i: f"{text(words)}\t{i % 3}"


def abstracts(path, sentences):
    labels = ["BACKGROUND", "OBJECTIVE", "METHODS", "METHODS", "RESULTS", "RESULTS", "RESULTS", "CONCLUSIONS", "CONCLUSIONS"]
    per = len(labels) * 4 // 3  # twelve sentences an abstract

    def row(i):
        label = labels[i % len(labels)]
        start = f"###{i}\n" if i % per == 0 else ""
        end = "\n" if i % per == per - 1 else ""
        return f"{start}{label}\t{text(26)}{end}"

    lines(path, sentences, row)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    have = pathlib.Path(os.environ["LPFT_DATA"])
    for name in ("CB", "RTE", "WiC", "CoLA", "SST-2"):
        link = folder / name
        if not link.exists():
            link.symlink_to(have / name)
    for name in ("semeval", "sst5"):
        (folder / "BOSS").mkdir(exist_ok=True)
        link = folder / "BOSS" / name
        if not link.exists():
            link.symlink_to(have / "BOSS" / name)
    lines(folder / "BoolQ/train.jsonl", 9427, boolq)
    lines(folder / "BoolQ/val.jsonl", 3270, boolq)
    lines(folder / "WSC/train.jsonl", 554, wsc)
    lines(folder / "WSC/val.jsonl", 104, wsc)
    header = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"
    lines(folder / "MRPC/train.tsv", 3668, mrpc, header)
    lines(folder / "MRPC/dev.tsv", 408, mrpc, header)
    lines(folder / "BOSS/amazon/train.tsv", 30000, review(75), "Text\tLabel")
    lines(folder / "BOSS/amazon/test.tsv", 38905, review(75), "Text\tLabel")
    lines(folder / "BOSS/dynasent/test.tsv", 4320, review(14), "Text\tLabel")
    for name, sentences in (("train", 180040), ("dev", 30212), ("test", 30135)):
        abstracts(folder / "PubMed" / f"{name}.txt", sentences)


if __name__ == "__main__":
    main()
