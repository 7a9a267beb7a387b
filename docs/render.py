#!/usr/bin/env python3
"""Writes an executed notebook as Markdown with its tables and pictures, for readers without JupyterLab.

    python3 docs/render.py EXECUTED.ipynb docs/notebooks          # NAME.md, and NAME-1.png, … beside it
    python3 docs/render.py --check EXECUTED.ipynb docs/notebooks  # is NAME.md what this run would give, but for the digits?

An executed notebook lies in LPFT_HOME/executed/PROFILE after `lpft reproduce`. --check compares everything but numbers,
which differ in their last digits between processors, and lines that name this machine's folders or how long a step took.
"""

import argparse
import base64
import html
import json
import pathlib
import re
import sys
from html.parser import HTMLParser

KEPT = {"table", "thead", "tbody", "tr", "th", "td", "caption", "b", "details", "summary"}
LINES = {"div", "figcaption", "figure"}
HIDDEN = {"style", "script"}
LARGEST = 400_000  # bytes of a picture that are worth committing


class Plain(HTMLParser):
    """Keeps of an output's HTML what GitHub shows: tables, bold words, lines; pictures become files."""

    def __init__(self, picture):
        super().__init__()
        self.out, self.hidden, self.picture = [], 0, picture

    def handle_starttag(self, tag, attrs):
        if tag in HIDDEN:
            self.hidden += 1
        elif tag in KEPT:
            self.out.append(f"<{tag}>")
        elif tag == "img":
            attrs = dict(attrs)
            self.out.append(f'<img src="{self.picture(attrs["src"])}" alt="{html.escape(attrs.get("alt", ""))}" width="605">')
        elif tag == "span":
            self.out.append(" ")

    def handle_endtag(self, tag):
        if tag in HIDDEN:
            self.hidden -= 1
        elif tag in KEPT:
            self.out.append(f"</{tag}>")
        elif tag in LINES:
            self.out.append("<br>")

    def handle_data(self, data):
        if not self.hidden:
            self.out.append(html.escape(" ".join(data.split()), quote=False))

    def text(self):
        text = re.sub(r"(<br>)+", "<br>\n", "".join(self.out).replace("<b></b>", "").replace("</b>", "</b> "))
        return re.sub(r" +", " ", text).strip()


def plain_picture(data):
    """A PNG without its text chunks: they name folders of the machine that drew it."""
    out, at = [data[:8]], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big") + 12
        if data[at + 4 : at + 8] not in (b"tEXt", b"iTXt", b"zTXt"):
            out.append(data[at : at + size])
        at += size
    return b"".join(out)


def shareable(text):
    """An output without folders of this machine, and without rows of a data set, whose licence is its own."""
    text = re.sub(r"from folder [^<]*", "from a folder", text)
    rows = r"<table><caption>(\d+ rows); the first of them\.</caption>.*?</table>"
    return re.sub(rows, r"\1; the first of them stand here in the notebook.", text, flags=re.S)


def progress(fragment):
    """Tells what a cell shows while it works from what it shows in the end."""
    return "<progress" in fragment or "font-size:80%;opacity:0.6" in fragment


def render(notebook, name, save):
    """The notebook as Markdown; save(name, bytes) keeps a picture."""
    pictures = 0

    def picture(source):
        nonlocal pictures
        pictures += 1
        data = plain_picture(base64.b64decode(source.split(",", 1)[1]))
        if len(data) > LARGEST:
            sys.exit(f"render.py: picture {pictures} of {name} has {len(data)} bytes: expected at most {LARGEST}")
        file = f"{name}-{pictures}.png"
        save(file, data)
        return file

    parts = [f"<!-- Made by docs/render.py from notebooks/{name}.ipynb as `lpft reproduce` executed it. -->"]
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```go\n{source}\n```")
        for output in cell["outputs"]:
            fragment = "".join(output.get("data", {}).get("text/html", ""))
            if not fragment or progress(fragment):
                continue
            plain = Plain(picture)
            plain.feed(fragment)
            parts.append(shareable(plain.text()))
    return "\n\n".join(parts) + "\n"


def without_numbers(text):
    """The text as another processor would give it: digits, folders and verdict words masked."""
    text = re.sub(r"(from|backend|<b>model</b>).*", r"\1 …", text)
    text = re.sub(r"[-−+]?\d[\d.,]*(?:[·e][-−⁻⁰¹²³⁴-⁹0-9]+)?", "#", text)
    return re.sub(r"✓|≈|✗|–|match|trend only|differs|not a target|holds|fails|undecided", "?", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("executed", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    notebook, name = json.loads(args.executed.read_text()), args.executed.stem
    target = args.folder / f"{name}.md"
    if not args.check:
        args.folder.mkdir(parents=True, exist_ok=True)
        target.write_text(render(notebook, name, lambda file, data: (args.folder / file).write_bytes(data)))
        return
    ours, theirs = (without_numbers(t).splitlines() for t in (render(notebook, name, lambda *_: None), target.read_text()))
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            sys.exit(f"render.py: {target}, line {i + 1} is not what this run gives:\n  there: {b[:300]}\n  run:   {a[:300]}\nMake it anew without --check.")
    if len(ours) != len(theirs):
        sys.exit(f"render.py: {target} has {len(theirs)} lines, this run gives {len(ours)}: make it anew without --check")
    print(f"{target} is what this run gives")


if __name__ == "__main__":
    main()
