"""The exact NTK in JAX at the shape of kernels' BenchmarkNTK: MiniLM, C = 3, T = 64, all parameters.

    pip install "jax[cpu]==0.10.2"
    python bench/peers/ntk_jax_bench.py [--n 32]

vmap over samples of jacrev of the logits with respect to every parameter, and J Jᵀ summed over parameters, in one
jitted function. One line a figure: jax-first, seconds of the first call, which compiles; jax, of the second;
name-cpu, the process's CPU seconds for the same; jax-MiB, its peak memory. Threads are what the process may use.
"""
import argparse
import resource
import time

import jax
import jax.numpy as jnp

CLASSES, LENGTH, HIDDEN, LAYERS, HEADS, FFN, VOCABULARY = 3, 64, 384, 6, 12, 1536, 30522


def parameters(key):
    keys = iter(jax.random.split(key, 100))
    draw = lambda *shape: 0.02 * jax.random.normal(next(keys), shape)
    dense = lambda i, o: {"w": draw(i, o), "b": jnp.zeros(o)}
    norm = lambda: {"g": jnp.ones(HIDDEN), "o": jnp.zeros(HIDDEN)}
    block = lambda: {"q": dense(HIDDEN, HIDDEN), "k": dense(HIDDEN, HIDDEN), "v": dense(HIDDEN, HIDDEN), "out": dense(HIDDEN, HIDDEN),
                     "n1": norm(), "up": dense(HIDDEN, FFN), "down": dense(FFN, HIDDEN), "n2": norm()}
    return {"word": draw(VOCABULARY, HIDDEN), "position": draw(512, HIDDEN), "type": draw(2, HIDDEN), "norm": norm(),
            "blocks": [block() for _ in range(LAYERS)], "head": dense(HIDDEN, CLASSES)}


def logits(p, ids):
    """[C] of one text [T]."""
    apply = lambda d, x: x @ d["w"] + d["b"]

    def norm(d, x):
        centred = x - x.mean(-1, keepdims=True)
        return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * d["g"] + d["o"]

    split = lambda x: x.reshape(-1, HEADS, HIDDEN // HEADS).transpose(1, 0, 2)
    x = norm(p["norm"], p["word"][ids] + p["position"][: len(ids)] + p["type"][0])
    for b in p["blocks"]:
        q, k, v = (split(apply(b[name], x)) for name in "qkv")
        weights = jax.nn.softmax(q @ k.transpose(0, 2, 1) / (HIDDEN // HEADS) ** 0.5)
        x = norm(b["n1"], x + apply(b["out"], (weights @ v).transpose(1, 0, 2).reshape(-1, HIDDEN)))
        x = norm(b["n2"], x + apply(b["down"], jax.nn.gelu(apply(b["up"], x), approximate=False)))
    return apply(p["head"], x[0])


@jax.jit
def ntk(p, ids):
    rows = ids.shape[0] * CLASSES
    jacobian = jax.vmap(jax.jacrev(logits), (None, 0))(p, ids)
    return sum(block.reshape(rows, -1) @ block.reshape(rows, -1).T for block in jax.tree.leaves(jacobian))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=32)
    n = parser.parse_args().n
    i, j = jnp.arange(n)[:, None], jnp.arange(LENGTH)[None]
    p, ids = parameters(jax.random.key(1)), 1000 + (i * 7919 + j * 104729) % 29000
    for name in ("jax-first", "jax"):  # the first call compiles
        start, cpu = time.perf_counter(), time.process_time()
        ntk(p, ids).block_until_ready()
        print(f"{name} {time.perf_counter() - start:.2f}")
        print(f"{name}-cpu {time.process_time() - cpu:.2f}")
    print(f"jax-MiB {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")


if __name__ == "__main__":
    main()
