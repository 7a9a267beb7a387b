"""Starts JupyterLab with the arguments given. Standard input stays open as long as lpft
lives: at its end the server is asked to stop, which ends its kernels too."""

import os
import signal
import sys
import threading

from jupyterlab.labapp import main


def watch():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=watch, daemon=True).start()
sys.exit(main(sys.argv[1:]))
