#!/usr/bin/env python3
"""Opens a notebook in a running JupyterLab with a real browser, runs all its cells and looks at them.

    python3 .ci/lab.py --url 'http://127.0.0.1:8888/lab/tree/notebooks/index.ipynb?token=...' \
        [--expect-image] [--screenshot lab.png] [--timeout 600] [--browser chromium]

  --url           the address that `lpft lab` prints (a notebook's, token included)
  --expect-image  fail unless some output shows a PNG wider than 100 pixels
  --screenshot    where to save a picture of the page after the run (also after a failure)
  --timeout       seconds for all cells together

It fails (exit code 1, one line on standard error) when the notebook does not open, the
Lab asks a question, a cell does not run to its end, or an output is an error.

It needs a Chromium on this machine (Debian: apt-get install chromium). The Python package
that drives it goes into an environment of its own below the user's cache folder.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import venv

DRIVER = "playwright==1.65.2"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "lpft-ci" / DRIVER
BROWSER_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = "/lab/api/settings/@jupyterlab/notebook-extension:tracker"


def in_own_environment():
    """Starts this script again in the environment that has the driver, made the first time."""
    python = CACHE / "bin" / "python"
    done = CACHE / "done"
    if pathlib.Path(sys.prefix).resolve() == CACHE.resolve():
        return
    if not done.exists():
        venv.create(CACHE, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-cache-dir", DRIVER], check=True)
        done.touch()
    os.execv(python, [str(python), *sys.argv])


def fail(text):
    raise SystemExit("lab.py: " + text)


class Server:
    """JupyterLab's REST interface."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        if not parts.netloc or "/lab/tree/" not in parts.path:
            fail(f"{url!r} is not a notebook's address: expected http://<host>:<port>/lab/tree/<notebook>?token=<token>")
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.token = urllib.parse.parse_qs(parts.query).get("token", [""])[0]

    def ask(self, path, body=None):
        request = urllib.request.Request(
            self.base + path,
            method="PUT" if body is not None else "GET",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": "token " + self.token, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read()
        except (urllib.error.URLError, OSError) as e:
            fail(f"{self.base}{path}: {e}")
        return json.loads(text) if text else None


# What the page shows of each code cell that holds code. Other notebooks may be open behind this one.
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
CELLS = """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell')]
  .filter(c => c.querySelector('.jp-Cell-inputWrapper .cm-content')?.innerText.trim())
  .map(c => ({
    prompt: (c.querySelector('.jp-InputPrompt')?.innerText || '').replace(/[^0-9*]/g, ''),
    images: [...c.querySelectorAll('.jp-OutputArea-output img')]
      .map(i => ({png: i.src.startsWith('data:image/png'), width: i.naturalWidth})),
  }))"""
STATUS = """() => document.querySelector(
  '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-ExecutionIndicator')?.dataset.status || ''"""


class Replies:
    """The kernel's answers to cells. The page shows a failed cell like any other (GoNB reports
    errors in the answer and on standard error only), so they are read on the way in."""

    def __init__(self, page):
        self.errors = []
        page.on("websocket", lambda socket: socket.on("framereceived", self.read))

    def read(self, frame):
        if isinstance(frame, str):
            frame = frame.encode()
        if re.search(rb'"msg_type"\s*:\s*"execute_reply"', frame) and re.search(rb'"status"\s*:\s*"(error|aborted)"', frame):
            number = re.search(rb'"execution_count"\s*:\s*(\d+)', frame)
            value = re.search(rb'"evalue"\s*:\s*("(?:[^"\\]|\\.)*")', frame)
            text = json.loads(value[1]) if value else "no message"
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            self.errors.append((number[1].decode() if number else "?", lines[-1] if lines else "no message"))


def refuse_question(page):
    dialog = page.locator(".jp-Dialog")
    if dialog.count():
        fail("the Lab asks: " + " ".join(dialog.first.inner_text().split()))


def open_notebook(page, url):
    page.goto(url, wait_until="domcontentloaded", timeout=60_000)
    try:
        page.locator(PANEL + " .jp-CodeCell").first.wait_for(timeout=60_000)
    except Exception:
        refuse_question(page)
        fail("no notebook with a code cell appeared within 60 s")
    page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=30_000)
    # To run a cell before the notebook has its kernel would make the Lab ask for one.
    kernel = page.locator(PANEL + " .jp-Toolbar-kernelName")
    for _ in range(300):
        refuse_question(page)
        if kernel.count() and kernel.first.inner_text().strip() not in ("", "No Kernel"):
            return
        page.wait_for_timeout(100)
    fail("the notebook has no kernel after 30 s")


def choose(page, menu, command):
    page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
    page.locator(f'.lm-Menu-item[data-command="{command}"]').click()


def click_run_all(page):
    """Asks for all cells until one of them is waiting or done: the Lab drops the wish
    without a word when its connection to the new kernel is not yet ready."""
    for _ in range(6):
        choose(page, "Run", "runmenu:run-all")
        for _ in range(50):
            page.wait_for_timeout(100)
            refuse_question(page)
            if any(cell["prompt"] for cell in page.evaluate(CELLS)):
                return
    fail("Run All Cells has no effect after 30 s")


def run_all(page, replies, timeout):
    """Runs all cells and returns them when each has run."""
    choose(page, "Edit", "editmenu:clear-all")  # outputs of an earlier run prove nothing
    page.wait_for_timeout(1000)
    if any(cell["prompt"] for cell in page.evaluate(CELLS)):
        fail("the outputs of an earlier run cannot be cleared")
    click_run_all(page)
    deadline, quiet = time.monotonic() + timeout, None
    while True:
        page.wait_for_timeout(300)
        refuse_question(page)
        if replies.errors:
            page.wait_for_timeout(1000)  # for the picture
            fail("cell [%s] failed: %s" % replies.errors[0])
        cells = page.evaluate(CELLS)
        left = [n for n, cell in enumerate(cells, 1) if not cell["prompt"].isdigit()]
        status = page.evaluate(STATUS)
        if cells and not left and status == "idle":
            return cells
        # An aborted run leaves cells without a number and nothing to wait for.
        waiting = any(cell["prompt"] == "*" for cell in cells) or status != "idle"
        quiet = None if waiting else quiet or time.monotonic()
        if quiet and time.monotonic() - quiet > 10:
            fail(f"cell {left[0]} of {len(cells)} did not run, and the kernel is idle")
        if time.monotonic() > deadline:
            fail(f"cell {left[0] if left else len(cells)} of {len(cells)} has not ended within {timeout} s")


def in_own_workspace(url):
    """Asks for an empty workspace, so that the Lab opens this notebook and no other."""
    parts = urllib.parse.urlsplit(url)
    path = parts.path.replace("/lab/tree/", "/lab/workspaces/lpft-ci/tree/", 1)
    return urllib.parse.urlunsplit(parts._replace(path=path, query=parts.query + "&reset"))


def drive(args, page):
    replies = Replies(page)
    open_notebook(page, in_own_workspace(args.url))
    started = time.monotonic()
    cells = run_all(page, replies, args.timeout)
    seconds = time.monotonic() - started
    images = [i for cell in cells for i in cell["images"]]
    shown = [i for i in images if i["png"] and i["width"] > 100]
    if args.expect_image and not shown:
        fail(f"no output shows a PNG wider than 100 pixels ({len(images)} images)")
    print(f"{len(cells)} cells ran in {seconds:.1f} s without an error, {len(shown)} pictures")


def add_arguments(parser):
    parser.add_argument("--url", required=True)
    parser.add_argument("--screenshot")
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--browser", default="chromium")


def browse(args, drive):
    """Calls drive(args, page) with a page of a browser that shows every cell of a notebook."""
    in_own_environment()

    import shutil

    from playwright.sync_api import sync_playwright

    program = shutil.which(args.browser) or fail(f"no {args.browser} on PATH: install one or name it with --browser")
    server = Server(args.url)
    # The Lab keeps cells that are out of sight out of the page; for the run, show all of them.
    before = server.ask(SETTINGS)["raw"]
    server.ask(SETTINGS, {"raw": json.dumps({"windowingMode": "none"})})
    try:
        with tempfile.TemporaryDirectory(prefix="lpft-browser-") as profile, sync_playwright() as play:
            context = play.chromium.launch_persistent_context(
                profile, executable_path=program, headless=True, args=BROWSER_ARGS, viewport={"width": 1400, "height": 1600}
            )
            page = context.pages[0] if context.pages else context.new_page()
            try:
                drive(args, page)
            finally:
                if args.screenshot:
                    page.screenshot(path=args.screenshot)
                context.close()
    finally:
        server.ask(SETTINGS, {"raw": before})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--expect-image", action="store_true")
    browse(parser.parse_args(), drive)


if __name__ == "__main__":
    main()
