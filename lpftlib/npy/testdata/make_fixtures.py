"""Writes the .npy and .npz fixtures with NumPy.

    pip install -r requirements.txt && python make_fixtures.py

good/*.npy hold element i = i/4 - 1 (floats) or 3i - 4 (integers) of ranks 0 to 5, wide-*.npy the
smallest value of an integer type, 3 and the largest (uint64: of int64), limits.npy and the strings
hold what the Go test spells out; bad/*.npy are valid for NumPy but not
supported: each must be refused. The Go tests read the files and need no Python.
"""
import pathlib

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


main()
