"""Asks the kernel "lpft" what an editor asks while a reader types, and how long it takes.

Run with a Jupyter that lists the kernel. Prints one JSON object: the matches after
`lpftlib.`, what is said about `lpftlib.Open`, and the seconds to the first answer to each
question, from the start of the kernel. Questions are asked until they are answered well:
gopls knows nothing in its first seconds.
"""

import json
import sys
import time

from jupyter_client.manager import start_new_kernel

FIRST_CELL = """import "lpft/lpftlib"

var params = lpftlib.Params{Profile: "smoke", Tasks: []string{"toy"}}

%%
println("ready")
"""
ASKED = "%%\ns := lpftlib.Open(params)\nlpftlib.Display(s)\n"
DEADLINE = float(sys.argv[1])

started = time.monotonic()
answers = {}


def spent():
    return round(time.monotonic() - started, 1)


def ask(name, question, good):
    """Asks until the answer is good; the answer, and when it came."""
    while True:
        content = question()["content"]
        if good(content) or spent() > DEADLINE:
            answers[name] = content
            answers[name + "_seconds"] = spent()
            return
        time.sleep(0.5)


manager, client = start_new_kernel(kernel_name="lpft", startup_timeout=120)
try:
    answers["start_seconds"] = spent()
    reply = client.execute_interactive(FIRST_CELL, timeout=DEADLINE, output_hook=lambda message: None)
    answers["first_cell"], answers["first_cell_seconds"] = reply["content"]["status"], spent()
    code = ASKED.replace("Open(params)", "")
    at = code.index("lpftlib.") + len("lpftlib.")
    ask("complete", lambda: client.complete(code, at, reply=True, timeout=60), lambda c: "Open" in c.get("matches", []))
    at = ASKED.index("Open") + 2
    ask("inspect", lambda: client.inspect(ASKED, at, reply=True, timeout=60), lambda c: c.get("found"))
    began = time.monotonic()
    client.complete(code, code.index("lpftlib.") + len("lpftlib."), reply=True, timeout=60)
    answers["warm_seconds"] = round(time.monotonic() - began, 2)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=False)
print(json.dumps(answers))
