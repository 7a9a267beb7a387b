"""Writes the .npy and .npz fixtures with NumPy.

    pip install -r requirements.txt && python make_fixtures.py

good/*.npy hold element i = i/4 - 1 (floats) or 3i - 4 (integers) of ranks 0 to 5, wide-*.npy the
smallest value of an integer type, 3 and the largest (uint64: of int64), limits.npy and the strings
hold what the Go test spells out; bad/*.npy are valid for NumPy but not
supported: each must be refused. headers.json has header texts and the shape that numpy.load finds
behind them, null where it refuses. The Go tests read the files and need no Python.
"""
import io
import json
import pathlib
import warnings

import numpy as np

HERE = pathlib.Path(__file__).parent
SHAPES = [(), (7,), (3, 4), (2, 3, 2), (2, 1, 3, 2), (1, 2, 2, 1, 3), (0, 5)]


def ramp(shape, dtype):
    i = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    return np.asarray((i / 4 - 1) if dtype[1] == "f" else (3 * i - 4), dtype=dtype)


def main():
    good, bad = HERE / "good", HERE / "bad"
    good.mkdir(exist_ok=True)
    bad.mkdir(exist_ok=True)
    for dtype in ("<f4", "<f8", "<i8", "<i4"):
        for shape in SHAPES:
            np.save(good / f"{dtype[1:]}-rank{len(shape)}{'-empty' if 0 in shape else ''}.npy", ramp(shape, dtype))
    for dtype in ("i1", "u1", "i2", "u2", "u4", "u8"):
        largest = min(np.iinfo(dtype).max, np.iinfo("i8").max)
        np.save(good / f"wide-{dtype}.npy", np.array([np.iinfo(dtype).min, 3, largest], dtype=dtype))
    np.save(good / "limits.npy", np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308]))
    names = np.array([["a", "FT"], ["LP-FT", "F(x), φ"], ["", "naïve 😀"]])
    np.save(good / "strings.npy", names)
    arrays = dict(gram=ramp((2, 3), "<f8"), features=ramp((3, 4), "<f4"), labels=ramp((5,), "<i8"), names=names)
    np.savez(good / "plain.npz", **arrays)
    np.savez_compressed(good / "compressed.npz", **arrays)

    np.save(bad / "fortran.npy", np.asfortranarray(ramp((3, 4), "<f4")))
    np.save(bad / "big-endian.npy", ramp((3,), "<f4").astype(">f4"))
    np.save(bad / "bool.npy", np.array([True, False]))
    np.save(bad / "beyond-int64.npy", np.array([1, 2**63], dtype="u8"))
    np.save(bad / "pickled.npy", np.array([1, "one"], dtype=object))
    np.save(bad / "complex.npy", np.array([1j]))
    np.save(bad / "bytes.npy", np.array([b"ab"]))
    np.save(bad / "record.npy", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))

    headers = [[header, shape_behind(header)] for header in HEADERS]
    (HERE / "headers.json").write_text(json.dumps(headers, indent=1) + "\n")


HEADERS = [
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }", '{"descr": "<i4", "fortran_order": False, "shape": (2, 3)}',
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 3L), }", "{'shape': (6L,), 'fortran_order': True, 'descr': '<i4'}",
    "{ \"shape\" : ( 6 , ) ,\n'descr':'<i4','fortran_order':False}\n", "{'descr': '<i4', 'fortran_order': False, 'shape': (6)}",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3}", "{'descr': '<i4', 'fortran_order': False, 'shape': [2, 3]}",
    "{'descr': '<i4', 'fortran_order': False}", "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
    "{'descr': '<i4', 'fortran_order': 0, 'shape': (2, 3)}", "{'descr': '<i4\", 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': '<i4' 'fortran_order': False, 'shape': (2, 3)}", "{'descr': '<i4', 'fortran_order': False, 'shape': (2 3)}",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3)} + 1", "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3),,}",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (-2, -3)}", "", "{}",
    "{'descr': '<i4', 'fortran_order': false, 'shape': (2, 3)}", "{'descr': '<i4', 'fortran_order': False, 'shape': (, )}",
]


def shape_behind(header):
    """The shape that numpy.load finds for six int32 behind a header of version 1, None where it refuses."""
    file = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + np.arange(6, dtype="<i4").tobytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 2's headers
            array = np.load(io.BytesIO(file))
    except Exception:
        return None
    return list(array.shape)


main()
