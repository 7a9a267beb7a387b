#!/usr/bin/env python3
"""Opens table01 in a running JupyterLab, runs it, changes the seed in the page, runs it again.

    python3 .ci/rerun.py --url 'http://127.0.0.1:8888/lab/tree/notebooks/table01_features.ipynb?token=...' \
        --lpft ./lpft [--screenshot lab.png] [--timeout 600] [--browser chromium]

  --lpft  the program whose `store log` says what was computed and what was reused

The Lab must serve the notebook with LPFT_PROFILE and LPFT_TASKS in its environment, and
without LPFT_SEEDS: the seed is the first cell's. The page is used as a reader uses it:
double clicks on words, typing, Run All Cells. It fails unless

  - with another seed, linear probing and the FT stage are computed anew, the pre-trained
    features are reused, and the numbers on the page are others;
  - with another word in a comment, nothing is computed and the numbers stay;
  - with another metric in the cell of the table, that cell alone run, nothing is computed and its numbers are others.
"""

import argparse
import subprocess
import time

import lab

TABLE = """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output table.lpft-table tbody')]
  .map(t => t.innerText).join('\\n')"""


def store_log(program):
    """The log's lines as (what, kind, label)."""
    text = subprocess.run([program, "store", "log"], check=True, capture_output=True, text=True).stdout
    events = []
    for line in text.splitlines():
        date, clock, what, seconds, unit, kind, key, label = line.split(maxsplit=7)
        events.append((what, kind, label))
    return events


def retype(page, old, new, cell=None):
    """Double-clicks on a word of a code cell, the first unless told, and types another in its place."""
    cell = cell or page.locator(lab.PANEL + " .jp-CodeCell .cm-content").first
    if cell.inner_text().count(old) != 1:
        lab.fail(f"the cell has {old!r} {cell.inner_text().count(old)} times: expected once")
    cell.scroll_into_view_if_needed()
    # The middle of the word, wherever the editor has drawn it.
    spot = cell.evaluate(
        """(cell, word) => {
          const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
          while (texts.nextNode()) {
            const at = texts.currentNode.data.indexOf(word);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(texts.currentNode, at);
            range.setEnd(texts.currentNode, at + word.length);
            const box = range.getBoundingClientRect();
            const of = cell.getBoundingClientRect();
            return {x: box.x + box.width / 2 - of.x, y: box.y + box.height / 2 - of.y};
          }
        }""",
        old,
    )
    cell.dblclick(position=spot)
    page.keyboard.type(new)
    text = cell.inner_text()
    if new not in text or old in text:
        lab.fail(f"{old!r} could not be replaced by {new!r} in the cell")
    return cell


class Reader:
    """Runs the notebook again and again, and tells what each run did. `shown` is a script that says what to
    compare of two runs: by default the numbers in the tables."""

    def __init__(self, args, page, shown=TABLE):
        self.args, self.page, self.replies, self.shown = args, page, lab.Replies(page), shown
        self.read = len(store_log(args.lpft))

    def run(self, what, cells=lab.run_all):
        """Runs all cells, or what cells runs: the computed events, the reused ones, and what the page shows."""
        began = time.monotonic()
        cells = cells(self.page, self.replies, self.args.timeout)
        seconds = time.monotonic() - began
        log = store_log(self.args.lpft)
        new, self.read = log[self.read :], len(log)
        computed = [(kind, label) for what, kind, label in new if what == "computed"]
        reused = [(kind, label) for what, kind, label in new if what == "reused"]
        seen = self.page.evaluate(self.shown)
        if not seen:
            lab.fail(f"{what}: the page shows no result to compare")
        print(f"{what}: {len(cells)} cells in {seconds:.1f} s, {len(computed)} steps computed, {len(reused)} reused")
        return computed, reused, seen


def drive(args, page):
    reader = Reader(args, page)
    lab.open_notebook(page, lab.in_own_workspace(args.url))
    _, _, numbers = reader.run("as it is")

    seed = str(int(time.time()))  # one that this store has never seen
    retype(page, "1001", seed)
    computed, reused, other = reader.run("seed " + seed)
    for kind in ("probe", "finetune"):
        if not any(k == kind and seed in label for k, label in computed):
            lab.fail(f"after a change of the seed no {kind} was computed: {computed}")
    again = [label for kind, label in computed if "pre-trained model" in label or seed not in label]
    if again:
        lab.fail(f"after a change of the seed this was computed, which does not depend on it: {again}")
    if not any("pre-trained model" in label for _, label in reused):
        lab.fail("after a change of the seed the pre-trained features were not reused")
    if other == numbers:
        lab.fail("after a change of the seed the page shows the same numbers")

    retype(page, "What", "Which")
    computed, _, same = reader.run("another comment")
    if computed:
        lab.fail(f"after a change of a comment this was computed: {computed}")
    if same != other:
        lab.fail("after a change of a comment the page shows other numbers")

    table = page.locator(lab.PANEL + " .jp-CodeCell .cm-content", has_text="study.NormC").first
    retype(page, "FDR", "ECE", table)
    computed, _, metric = reader.run("another metric", this_cell)
    if computed:
        lab.fail(f"after a change of a metric this was computed: {computed}")
    if metric == same:
        lab.fail("after a change of a metric the page shows the same numbers")


def this_cell(page, replies, timeout):
    """Runs the cell that is being edited, as a reader does."""
    before = [cell["prompt"] for cell in page.evaluate(lab.CELLS)]
    page.keyboard.press("Shift+Enter")
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        page.wait_for_timeout(200)
        if replies.errors:
            lab.fail("cell [%s] failed: %s" % replies.errors[0])
        cells = page.evaluate(lab.CELLS)
        ran = [a["prompt"] for a, b in zip(cells, before) if a["prompt"] != b and a["prompt"].isdigit()]
        if ran and page.evaluate(lab.STATUS) == "idle":
            return ran
    lab.fail(f"the cell has not ended within {timeout} s")


def main(about, drive):
    """Parses the command line and drives a browser."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    lab.add_arguments(parser)
    parser.add_argument("--lpft", required=True)
    lab.browse(parser.parse_args(), drive)


if __name__ == "__main__":
    main(__doc__, drive)
