"""Writes numpy.npz with NumPy: kernels whose entry p is p/8. The Go test reads it and needs no Python.

    pip install -r ../../lpftlib/npy/testdata/requirements.txt && python make_fixtures.py
"""
import pathlib

import numpy as np


def ramp(*shape):
    return np.arange(np.prod(shape)).reshape(shape) / 8


np.savez(pathlib.Path(__file__).parent / "numpy.npz", kernel=ramp(2, 3, 4, 3), narrow=ramp(2, 3, 4, 3).astype(np.float32), matrix=ramp(2, 5),
         indices=np.arange(2))
