"""The encoder benchmarks' shapes, and how a figure is taken: one definition for every peer.

The same as benchShapes in lpftlib/encoder/bench_test.go and stepShapes in lpftlib/finetune/bench_test.go.
"""
import argparse
import re
import time

MINILM = dict(roberta=False, hidden=384, layers=6, heads=12, intermediate=1536, positions=512, types=2, pad=0, eps=1e-12)
ROBERTA = dict(roberta=True, hidden=768, layers=12, heads=12, intermediate=3072, positions=514, types=1, pad=1, eps=1e-5)
VOCABULARY, CLASSES = 3000, 3
SHAPES = {
    "MiniLM-16x64": (MINILM, 16, 64),
    "RoBERTa-base-8x128": (ROBERTA, 8, 128),
    "RoBERTa-base-32x128": (ROBERTA, 32, 128),
}
KINDS = ("Forward", "ForwardBackward", "Step")


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="pattern of figures, such as Forward/MiniLM")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--tf32", action="store_true", help="products in TensorFloat-32, on a card that has it")
    return parser.parse_args()


def wanted(only):
    """The figures whose name begins as the pattern says."""
    for shape in SHAPES:
        for kind in KINDS:
            if re.match(only, f"{kind}/{shape}"):
                yield kind, shape


def per_second(step, tokens, seconds):
    """Tokens per second in the fastest step of those begun within the time, as on a machine at rest. step waits for its end."""
    step()
    best, end = float("inf"), time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        step()
        best = min(best, time.perf_counter() - start)
    return tokens / best
