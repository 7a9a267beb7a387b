"""Tokens per second of PyTorch and Hugging Face transformers on the encoder benchmark's shapes.

    pip install torch==2.9.1 transformers==4.57.3
    python bench/peers/encoder_bench.py [--threads 2] [--only MiniLM] [--seconds 5]

Same work as lpftlib/encoder's BenchmarkForward (features in evaluation mode) and
BenchmarkForwardBackward (gradient of a scalar of the features with respect to every parameter):
random weights, a vocabulary of 3000, no padding. One line a figure: name, tokens/s. bench/encoder.sh
runs both and prints the ratios.
"""
import argparse
import time

import torch
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

NO_DROPOUT = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
SHAPES = {
    "MiniLM-16x64": (BertModel, BertConfig(vocab_size=3000, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                                           intermediate_size=1536, **NO_DROPOUT), 16, 64),
    "RoBERTa-base-8x128": (RobertaModel, RobertaConfig(vocab_size=3000, max_position_embeddings=514, type_vocab_size=1,
                                                       layer_norm_eps=1e-5, **NO_DROPOUT), 8, 128),
}


def per_second(step, tokens, seconds):
    """The best of five rounds, as `go test -bench` is run on a machine at rest."""
    step()
    best = 0.0
    for _ in range(5):
        rounds, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds / 5:
            step()
            rounds += 1
        best = max(best, rounds * tokens / (time.perf_counter() - start))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="shapes whose name begins so")
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name, (kind, config, b, t) in SHAPES.items():
        if not name.startswith(arguments.only):
            continue
        torch.manual_seed(1)
        model = kind(config, add_pooling_layer=False).eval()
        ids = torch.randint(2, 2900, (b, t))
        mask = torch.ones_like(ids)

        def forward():
            with torch.no_grad():
                model(input_ids=ids, attention_mask=mask)

        def backward():
            model.zero_grad(set_to_none=True)
            model(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0].square().sum().backward()

        print(f"Forward/{name} {per_second(forward, b * t, arguments.seconds):.0f}", flush=True)
        print(f"ForwardBackward/{name} {per_second(backward, b * t, arguments.seconds):.0f}", flush=True)


if __name__ == "__main__":
    main()
