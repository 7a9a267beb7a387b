"""models.py CASES LPFT WORK: the folders tok-*, enc-*, st-* and peft-* against models.json.

models.json has, for every folder, features (rows of numbers by transformers 5.23.0 and peft 0.21.2, made by
make_models.py) or "refused", a text that lpft's one-line message holds. tok-* bring their own answers.json.
"""
import ast
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

CASES, LPFT, WORK = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
WANT = json.loads((Path(__file__).parent / "models.json").read_text())
TOLERANCE = 2e-5


class Deviation(Exception):
    pass


def run(*command, text=None):
    """Standard output, or the message of a refusal: one line on standard error."""
    done = subprocess.run([str(c) for c in command], input=text, capture_output=True, text=True, timeout=120)
    if done.returncode == 0:
        return done.stdout, None
    lines = [line for line in done.stderr.splitlines() if not line.startswith("lpft: engine")]
    if done.returncode != 1 or not lines or "panic" in done.stderr:
        raise Deviation(f"exit status {done.returncode}: {done.stderr}")
    return None, lines[-1]


def refused(message, want):
    if message is None:
        raise Deviation(f"accepted; want a refusal that says {want!r}")
    if want not in message:
        raise Deviation(f"refused with {message!r}; want {want!r}")


def read_npy(path):
    raw = path.read_bytes()
    (size,) = struct.unpack("<H", raw[8:10])
    header = ast.literal_eval(raw[10 : 10 + size].decode())
    rows, columns = header["shape"]
    numbers = struct.unpack(f"<{rows * columns}f", raw[10 + size :])
    return [numbers[i * columns : (i + 1) * columns] for i in range(rows)]


def tokenizer(folder):
    answers = json.loads((folder / "answers.json").read_text())
    lines = [{"a": t} if isinstance(t, str) else {"a": t[0], "b": t[1]} for t in answers["texts"]]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    out, message = run(LPFT, "tokenize", "--model", folder, "--max-len", answers["maxlen"], text=text)
    if isinstance(answers["auto"], str):  # transformers raises
        return refused(message, json.loads((folder / "tokenizer_config.json").read_text())["tokenizer_class"])
    if message:
        raise Deviation(message)
    got = [json.loads(line)["ids"] for line in out.splitlines()]
    if got != answers["auto"]:
        raise Deviation(f"ids {got}, want {answers['auto']}")


def features(model, lines, want):
    out = WORK / "f.npy"
    out.unlink(missing_ok=True)
    _, message = run(LPFT, "features", "--model", model, "--in", lines, "--out", out)
    if isinstance(want, str):
        return refused(message, want)
    if message:
        raise Deviation(message)
    got = read_npy(out)
    if len(got) != len(want):
        raise Deviation(f"{len(got)} rows, want {len(want)}")
    worst = max(abs(g - w) for a, b in zip(got, want) for g, w in zip(a, b))
    if not worst <= TOLERANCE:
        raise Deviation(f"features differ by {worst}")


def checkpoint(folder):
    features(folder, folder / "in.jsonl", WANT[folder.name])


def adapter(folder):
    want, merged = WANT[folder.name], WORK / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    _, message = run(WORK / "peftmerge", folder / "model", folder / "adapter", merged)
    if isinstance(want, str):
        return refused(message, want)
    if message:
        raise Deviation(message)
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(folder / "model" / name, merged)
    features(merged, folder / "model" / "in.jsonl", want)


def main():
    failed = 0
    for prefix, check in (("tok", tokenizer), ("enc", checkpoint), ("st", checkpoint), ("peft", adapter)):
        folders = sorted(CASES.glob(prefix + "-*"))
        for folder in folders:
            try:
                check(folder)
            except (Deviation, KeyError) as err:
                failed += 1
                print(f"{folder.name}: {err}")
        print(f"{prefix}-*: {len(folders)} folders")
        if not folders:
            raise SystemExit(f"{CASES} has no {prefix}-*")
    raise SystemExit(failed > 0)


main()
