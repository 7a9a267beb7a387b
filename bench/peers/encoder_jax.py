"""Tokens per second of JAX on the encoder benchmark's shapes: see encoder_bench.py, whose work and
options these are.

    pip install -r bench/peers/requirements.txt        # on a card: jax[cuda13]==0.10.2
    python bench/peers/encoder_jax.py [--threads 2] [--only Forward/MiniLM] [--seconds 5] [--device cuda [--tf32]]

The encoder is written out below as plain functions: the post-norm Transformer of BERT and RoBERTa.
On the processor JAX takes all cores that the process may use: start it under taskset to limit it.
"""
import os

from shapes import CLASSES, SHAPES, VOCABULARY, arguments, per_second, wanted

options = arguments(__doc__.splitlines()[0])
os.environ["JAX_PLATFORMS"] = options.device
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
if options.device == "cpu" and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
import jax  # noqa: E402  the platform must be chosen before
import jax.numpy as jnp  # noqa: E402

jax.config.update("jax_default_matmul_precision", "tensorfloat32" if options.tf32 else "highest")


def initial(s, key):
    h, f = s["hidden"], s["intermediate"]
    dense = {"query": (h, h), "key": (h, h), "value": (h, h), "output": (h, h), "up": (h, f), "down": (f, h)}
    norm = {"scale": jnp.ones(h), "shift": jnp.zeros(h)}

    def draw(*shape):
        nonlocal key
        key, now = jax.random.split(key)
        return 0.02 * jax.random.normal(now, shape)

    return {
        "words": draw(VOCABULARY, h), "positions": draw(s["positions"], h), "types": draw(s["types"], h), "norm": norm,
        "layers": [{name: {"w": draw(*shape), "b": jnp.zeros(shape[1])} for name, shape in dense.items()}
                   | {"norm1": norm, "norm2": norm} for _ in range(s["layers"])],
        "head": {"w": draw(h, CLASSES), "b": jnp.zeros(CLASSES)},
    }


def dense(p, x):
    return x @ p["w"] + p["b"]


def normalise(p, x, eps):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(var + eps) * p["scale"] + p["shift"]


def features(s, p, ids, key=None):
    """φ [B, h]; with a key, dropout of 0.1 is on."""
    b, t = ids.shape
    h, heads = s["hidden"], s["heads"]

    def dropped(x):
        nonlocal key
        if key is None:
            return x
        key, now = jax.random.split(key)
        return jnp.where(jax.random.bernoulli(now, 0.9, x.shape), x / 0.9, 0.0)

    def split(x):
        return x.reshape(b, t, heads, h // heads).transpose(0, 2, 1, 3)

    first = s["pad"] + 1 if s["roberta"] else 0
    x = p["words"][ids] + p["positions"][first + jnp.arange(t)] + p["types"][0]
    x = dropped(normalise(p["norm"], x, s["eps"]))
    for layer in p["layers"]:
        q, k, v = (split(dense(layer[name], x)) for name in ("query", "key", "value"))
        weights = dropped(jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / (h // heads) ** 0.5))
        mixed = (weights @ v).transpose(0, 2, 1, 3).reshape(b, t, h)
        x = normalise(layer["norm1"], x + dropped(dense(layer["output"], mixed)), s["eps"])
        up = jax.nn.gelu(dense(layer["up"], x), approximate=False)
        x = normalise(layer["norm2"], x + dropped(dense(layer["down"], up)), s["eps"])
    return x[:, 0]


def train(s):
    """A training step: cross-entropy, clipping at 1, Adam."""

    def loss(p, ids, labels, key):
        logits = dense(p["head"], features(s, p, ids, key))
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()

    def step(state, ids, labels):
        p, m, v, key, n = state
        key, now = jax.random.split(key)
        grads = jax.grad(loss)(p, ids, labels, now)
        norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(grads)))
        grads = jax.tree.map(lambda g: g * jnp.minimum(1.0, 1.0 / norm), grads)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
        n = n + 1
        rate = 1e-5 * jnp.sqrt(1 - 0.999**n) / (1 - 0.9**n)
        p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), p, m, v)
        return p, m, v, key, n

    return jax.jit(step, donate_argnums=0)


def figure(kind, shape):
    s, b, t = SHAPES[shape]
    key = jax.random.key(1)
    params = initial(s, key)
    ids = jax.random.randint(key, (b, t), 2, VOCABULARY - 100)
    labels = jnp.arange(b) % CLASSES
    if kind == "Step":
        zeros = jax.tree.map(jnp.zeros_like, params)
        state = [(jax.tree.map(jnp.copy, params), zeros, jax.tree.map(jnp.copy, zeros), key, jnp.float32(0))]
        compiled = train(s)

        def step():
            state[0] = jax.block_until_ready(compiled(state[0], ids, labels))
    else:
        forward = jax.jit(lambda p, ids: features(s, p, ids))
        backward = jax.jit(jax.grad(lambda p, ids: jnp.sum(features(s, p, ids) ** 2)))
        call = forward if kind == "Forward" else backward

        def step():
            jax.block_until_ready(call(params, ids))

    return per_second(step, b * t, options.seconds)


if __name__ == "__main__":
    for kind, shape in wanted(options.only):
        print(f"{kind}/{shape} {figure(kind, shape):.0f}", flush=True)
