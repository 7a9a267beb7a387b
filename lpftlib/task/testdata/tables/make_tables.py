"""Tables as people have them, and what pandas, Python's csv and json read in them: fixtures of TestTables*.

    pip install -r requirements.txt && python make_tables.py

writes the parquet files and oracle.json beside this script. Text files are short and stand in oracle.json itself.
"""

import csv
import io
import json
import os
import random
import warnings

import numpy
import pandas
import pyarrow
import pyarrow.parquet

HERE = os.path.dirname(os.path.abspath(__file__))


def with_pandas(text, **options):
    """The rows that pandas reads as plain texts, or None where it reports or warns of an error."""
    try:
        frame = pandas.read_csv(io.BytesIO(text.encode()), dtype=str, na_filter=False, index_col=False, encoding="utf-8", **options)
    except (ValueError, pandas.errors.ParserError, pandas.errors.EmptyDataError, pandas.errors.ParserWarning):
        return None
    if len(frame) > len(text):  # a fault of pandas: it repeats its buffer after some lines of spaces that follow a CR
        return None
    return [list(frame.columns)] + frame.values.tolist()


def with_csv(text):
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return None
    return [row for row in rows if row and any(field.strip(" \t") or len(row) > 1 for field in row)]


def csv_cases(rng):
    texts = [
        'a,b\r\n"one\r\ntwo",1\r\n', 'a,b\n"one\rtwo",1\n', "a,b\rx,1\ry,2\r", 'a,b\n5" disk,1\n', 'a,b\n"say ""hi""",1\n',
        'a,b\n"",1\n', 'a,b\n ,1\n', 'a,b\nNA,null\n', "a,b\n\nx,1\n  \ny,2", 'a,b\nx, "1"\n', 'a,b\n"x\ny"\n',
        'a,b\n"\U0001f600\u2028é",1\n', "a,b\nx,1,\n", "a,b\nx\n", 'a,b\n"x,1\n', 'a,b\n"x"y,1\n',
    ]
    for _ in range(300):
        texts.append("a,b\n" + "".join(rng.choice(['x', 'é', ',', ',', '"', '"', '\n', '\r', '\r\n', ' ']) for _ in range(rng.randrange(1, 14))))
    return [{"text": text, "pandas": with_pandas(text), "csv": with_csv(text)} for text in texts]


def tsv_cases(rng):
    texts = ["a\tb\n\"open\t1\n", "a\tb\r\nx\t1\r\n", "a\tb\rx\t1\r", "a\tb\r\r\nx\t1\r\r\n", "a\tb\nx\u2028y\u0085\t1\n", "a\tb\nx\t1"]
    for _ in range(200):
        texts.append("a\tb\n" + "".join(rng.choice(['x', 'é', '\t', '\t', '"', '\n', '\r\n', '\r', '\u2028']) for _ in range(rng.randrange(1, 12))))
    return [{"text": text, "pandas": with_pandas(text, sep="\t", quoting=csv.QUOTE_NONE)} for text in texts]


def json_cases(rng):
    """Objects with one text; None where the text is no sequence of characters (it cannot be written as UTF-8)."""
    pieces = ["x", "\\ud83d", "\\ude00", "\\ud83d\\ude00", "\\\\", "\\u0041", "\\n", "\\\"", "ud83d", "é", "\\uD800", "\\uFFFD", "\\u0000"]
    cases = []
    for _ in range(300):
        text = '{"a": "' + "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 6))) + '"}'
        try:
            value = json.loads(text)["a"]
            value.encode()
        except UnicodeEncodeError:
            value = None
        cases.append({"text": text, "value": value})
    return cases


def parquet_files():
    """File names, and the rows as texts; a list says what is refused."""
    text = ["one", "zwei \U0001f600", ""]
    ids = [1, 0, 1]
    table = lambda a, b: pyarrow.table({"a": a, "b": b})
    plain = pyarrow.array(text)
    label = pyarrow.array(ids, pyarrow.int64())
    want = {}

    def write(name, data, rows, **options):
        pyarrow.parquet.write_table(data, os.path.join(HERE, name + ".parquet"), **options)
        want[name] = rows

    texts = [[t, str(i)] for t, i in zip(text, ids)]
    for codec in ["snappy", "gzip", "zstd", "brotli", "lz4", "none"]:
        write("codec-" + codec, table(plain, label), texts, compression=codec)
    write("page-v2", table(plain, label), texts, data_page_version="2.0", use_dictionary=False)
    write("delta", table(plain, label), texts, use_dictionary=False, column_encoding={"a": "DELTA_BYTE_ARRAY", "b": "DELTA_BINARY_PACKED"})
    write("category", table(plain.dictionary_encode(), label), texts)
    write("large-string", table(plain.cast(pyarrow.large_string()), label), texts)
    write("binary", table(plain.cast(pyarrow.binary()), label), texts)
    for kind in ["int8", "uint8", "int16", "uint16", "int32", "uint32", "uint64"]:
        write("label-" + kind, table(plain, label.cast(getattr(pyarrow, kind)())), texts)
    write("label-negative", table(plain, pyarrow.array([-1, 0, 1], pyarrow.int32())), [[t, s] for t, s in zip(text, ["-1", "0", "1"])])
    write("label-bool", table(plain, label.cast(pyarrow.bool_())), [[t, "True" if i else "False"] for t, i in zip(text, ids)])
    write("label-double", table(plain, label.cast(pyarrow.float64())), texts)
    write("label-float16", table(plain, pyarrow.array(numpy.array([1, -2.5, 65504], dtype="float16"))), [[t, s] for t, s in zip(text, ["1", "-2.5", "65504"])])
    decimals = pyarrow.array(["1.00", "-0.05", "123.40"]).cast(pyarrow.decimal128(5, 2))
    named = [[t, s] for t, s in zip(text, ["1.00", "-0.05", "123.40"])]
    write("label-decimal", table(plain, decimals), named)
    write("label-decimal-int", table(plain, decimals), named, store_decimal_as_integer=True)
    write("label-uint64-large", table(plain, pyarrow.array([2**64 - 1, 0, 1], pyarrow.uint64())), [[t, s] for t, s in zip(text, [str(2**64 - 1), "0", "1"])])
    write("null", table(pyarrow.array(["one", None, ""]), label), [["one", "1"], ["null!", "0"], ["", "1"]])
    write("null-column", table(pyarrow.nulls(3), label), [["null!", str(i)] for i in ids])
    write("list", table(pyarrow.array([["one", "two"], [], ["three"]]), label), [["list!", str(i)] for i in ids])
    write("struct", pyarrow.table({"s": pyarrow.array([{"a": t} for t in text]), "b": label}), texts)
    write("no-rows", table(plain[:0], label[:0]), [])
    with pyarrow.parquet.ParquetWriter(os.path.join(HERE, "empty-group.parquet"), table(plain, label).schema) as writer:
        writer.write_table(table(plain[:0], label[:0]))
        writer.write_table(table(plain, label))
        writer.write_table(table(plain[:0], label[:0]))
    want["empty-group"] = texts
    return want


def main():
    warnings.simplefilter("error", pandas.errors.ParserWarning)  # columns that are left out
    rng = random.Random(1)
    oracle = {"csv": csv_cases(rng), "tsv": tsv_cases(rng), "json": json_cases(rng), "parquet": parquet_files()}
    with open(os.path.join(HERE, "oracle.json"), "w", encoding="utf-8") as f:
        json.dump(oracle, f, indent=0, ensure_ascii=True)
        f.write("\n")


main()
