"""Runs one notebook headless, cell by cell, with the kernel "lpft".

Called by lpft as: python -c <this text> <request as JSON>. Events go to file descriptor 3,
one JSON object a line. Standard input stays open as long as lpft lives: at its end the
runner goes at once, and the kernel (which watches the runner) goes after it.
An interrupt (SIGINT) is passed on to the running cell, which may save its state.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

GRACE = 8.0  # seconds that an interrupted cell has to end
PANICS = ("panic", "fatal error")
EVENTS = os.fdopen(3, "w", encoding="utf-8")


def emit(event, **fields):
    print(json.dumps({"event": event, **fields}), file=EVENTS, flush=True)


def write(nb, path):
    """Writes the notebook whole or not at all."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    fd, part = tempfile.mkstemp(dir=folder, prefix=os.path.basename(path) + ".part-")
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as f:
            nbformat.write(nb, f)
            f.flush()
            os.fsync(f.fileno())
        os.chmod(part, 0o644)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def failure(number, cell, kind, text):
    """The error of a cell: its reply, and what it wrote to standard error."""
    stderr = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")
    emit("error", cell=number, kind=kind, text=text, stderr=stderr[-20000:])


class Run:
    def __init__(self, request):
        self.request = request
        self.stopping = False
        self.nb = nbformat.read(request["notebook"], as_version=4)
        self.client = NotebookClient(
            self.nb,
            kernel_name="lpft",
            timeout=request["timeout"] or None,
            startup_timeout=120,
            force_raise_errors=True,
            coalesce_streams=True,
            resources={"metadata": {"path": os.path.dirname(request["notebook"])}},
        )

    def leave(self):
        """Goes now; the kernel sees it and ends by itself."""
        try:
            self.client.km.cleanup_connection_file()
        finally:
            os._exit(3)

    def interrupt(self):
        self.stopping = True
        loop = asyncio.get_running_loop()
        asyncio.ensure_future(self.client.km.interrupt_kernel())
        loop.call_later(GRACE, self.leave)

    async def cells(self):
        """Executes the cells; returns whether all went well."""
        cells = [(i, c) for i, c in enumerate(self.nb.cells) if c.cell_type == "code" and c.source.strip()]
        for number, (index, cell) in enumerate(cells, 1):
            if self.stopping:
                return False
            emit("cell", cell=number, of=len(cells), source=cell.source)
            try:
                await self.client.async_execute_cell(cell, index, execution_count=number)
            except CellExecutionError as e:
                failure(number, cell, "error", f"{e.ename}: {e.evalue}" if e.ename in PANICS else e.evalue)
                return False
            except CellTimeoutError:
                failure(number, cell, "timeout", "")
                return False
            except DeadKernelError:
                failure(number, cell, "dead", "")
                return False
        return not self.stopping

    async def main(self):
        loop = asyncio.get_running_loop()
        # The notebook's own outputs are of an earlier run.
        for cell in self.nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        started = time.time()
        async with self.client.async_setup_kernel():
            loop.add_signal_handler(signal.SIGINT, self.interrupt)
            loop.add_signal_handler(signal.SIGTERM, self.leave)

            def watch():
                while os.read(0, 1024):  # not sys.stdin: its lock would be held at exit
                    pass
                loop.call_soon_threadsafe(self.leave)

            threading.Thread(target=watch, daemon=True).start()
            ok = await self.cells()
        self.nb.metadata["lpft"] = {
            **self.request["metadata"],
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "seconds": round(time.time() - started, 1),
            "complete": ok,
        }
        write(self.nb, self.request["out"])
        emit("stopped" if self.stopping else "done", ok=ok)


if __name__ == "__main__":
    run = Run(json.loads(sys.argv[1]))
    asyncio.run(run.main())
