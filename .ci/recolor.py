#!/usr/bin/env python3
"""Opens figure01 in a running JupyterLab, runs it, changes the colour of a curve in the first cell, runs it again.

    python3 .ci/recolor.py --url 'http://127.0.0.1:8888/lab/tree/notebooks/figure01_norm_growth.ipynb?token=...' \
        --lpft ./lpft [--screenshot lab.png] [--timeout 600] [--browser chromium]

It fails unless the page shows other figures afterwards and the store's log says that nothing was computed.
"""

import lab
import rerun

IMAGES = """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output img')]
  .filter(i => i.naturalWidth > 100).map(i => i.src).join('\\n')"""


def drive(args, page):
    reader = rerun.Reader(args, page, IMAGES)
    lab.open_notebook(page, lab.in_own_workspace(args.url))
    _, _, before = reader.run("as it is")
    rerun.retype(page, "009e73", "cc79a7")
    computed, _, after = reader.run("another colour")
    if computed:
        lab.fail(f"after a change of a colour this was computed: {computed}")
    if after == before:
        lab.fail("after a change of a colour the figures are the same")


if __name__ == "__main__":
    rerun.main(__doc__, drive)
