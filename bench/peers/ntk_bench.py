"""The exact NTK in PyTorch at the shape of kernels' BenchmarkNTK: MiniLM, C = 3, T = 64, all parameters.

    pip install torch==2.9.1 transformers==4.57.3
    python bench/peers/ntk_bench.py --method torch.func [--device cpu] [--threads 2] [--n 32]

Two ways: torch.func (vmap over samples of jacrev of the logits, then J Jᵀ summed over parameters), and the
published method on a slice: torch.autograd.functional.jacobian of the features of one sample with respect to
one parameter group at a time. The slice is 16 of the 384 features and two groups (attention and FFN of block
3); the figure is extrapolated to all features, to 12 groups and the embedding's tenth of one, and to N samples,
without the products with V.
One line a figure: name, seconds by the clock; name-cpu, the process's CPU seconds for the same; name-MiB, its
peak memory. torch.func has had a call with one text before. bench/ntk.sh runs both sides.
"""
import argparse
import resource
import time

import torch
from torch.func import functional_call, jacrev, vmap
from transformers import BertConfig, BertModel

CLASSES, LENGTH, HIDDEN, SLICE = 3, 64, 384, 16


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        config = BertConfig(vocab_size=30522, hidden_size=HIDDEN, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
                            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager")
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.head = torch.nn.Linear(HIDDEN, CLASSES)

    def features(self, ids):
        mask = torch.ones(ids.shape[0], ids.shape[1], ids.shape[1])  # of this shape no value is looked at, which vmap forbids
        return self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]

    def forward(self, ids):
        return self.head(self.features(ids))


def texts(n):
    i, j = torch.arange(n)[:, None], torch.arange(LENGTH)[None]
    return 1000 + (i * 7919 + j * 104729) % 29000


def ntk(model, ids):
    """[N·C, N·C] over all parameters."""
    parameters = {k: v.detach() for k, v in model.named_parameters()}
    jacobian = vmap(jacrev(lambda p, x: functional_call(model, p, (x[None],))[0]), (None, 0))(parameters, ids)
    rows = len(ids) * CLASSES
    kernel = torch.zeros(rows, rows)
    while jacobian:
        _, block = jacobian.popitem()
        block = block.reshape(rows, -1)
        kernel += block @ block.T
    return kernel


class Features(torch.nn.Module):
    """Some features of one sample, [SLICE]."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids):
        return self.model.features(ids)[0, :SLICE]


def published(model, ids):
    """Seconds and CPU seconds of one sample's feature Jacobian for the attention and the FFN group of one block."""
    features = Features(model)
    named = {k: v.detach() for k, v in features.named_parameters() if ".layer.3." in k}
    seconds, cpu = 0.0, 0.0
    features(ids)  # warm-up
    for names in ([k for k in named if ".attention." in k], [k for k in named if ".attention." not in k]):

        def phi(*values):
            return functional_call(features, dict(zip(names, values)), (ids,))

        start, cpu_start = time.perf_counter(), time.process_time()
        torch.autograd.functional.jacobian(phi, tuple(named[k] for k in names))
        seconds += time.perf_counter() - start
        cpu += time.process_time() - cpu_start
    return seconds, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--n", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--method", choices=["torch.func", "published"], required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_default_device(arguments.device)
    torch.manual_seed(1)
    model = Classifier().eval()
    if arguments.method == "torch.func":
        float(ntk(model, texts(1)).sum())  # warm-up
        start, cpu = time.perf_counter(), time.process_time()
        float(ntk(model, texts(arguments.n)).sum())  # a number on the host: a card has finished
        print(f"torch.func {time.perf_counter() - start:.2f}")
        print(f"torch.func-cpu {time.process_time() - cpu:.2f}")
    else:
        groups = 6 * (1 + 1 / 12 / 10)  # blocks, and a tenth of the outputs of one group for the embedding
        seconds, cpu = (part * HIDDEN / SLICE * groups * arguments.n for part in published(model, texts(1)))
        print(f"published {seconds:.1f}")
        print(f"published-cpu {cpu:.1f}")
    print(f"{arguments.method}-MiB {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")


if __name__ == "__main__":
    main()
