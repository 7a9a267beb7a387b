#!/usr/bin/env python3
"""Writes the fixtures of package measure into this folder.

    pip install scikit-learn==1.7.2 numpy==2.4.6 scipy==1.17.1 torch==2.9.1
    python lpftlib/measure/testdata/make_fixtures.py
"""
import json
import pathlib

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.spatial.distance import squareform
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.manifold._t_sne import _gradient_descent, _joint_probabilities, _kl_divergence
from sklearn.metrics import accuracy_score, log_loss, matthews_corrcoef, pairwise_distances
from sklearn.metrics.pairwise import cosine_similarity

HERE = pathlib.Path(__file__).parent


def write(name, record):
    (HERE / f"{name}.json").write_text(json.dumps(record) + "\n")


def calibration(p, y, bins=15):
    """ECE and MCE written as in Guo et al.'s code: a mask a bin."""
    confidence, right = p.max(1), p.argmax(1) == y
    edges = np.linspace(0, 1, bins + 1)
    ece, mce = 0.0, 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        mask = (confidence > low) & (confidence <= high)
        if mask.any():
            gap = abs(right[mask].mean() - confidence[mask].mean())
            ece += mask.mean() * gap
            mce = max(mce, gap)
    return float(ece), float(mce)


def adam(f, y):
    """The published recipe with torch's Adam, in float64."""
    t = torch.nn.Parameter(torch.ones((), dtype=torch.float64))
    optimiser = torch.optim.Adam([t], lr=1e-3)
    f, y = torch.tensor(f), torch.tensor(y)
    best, kept, waiting = float("inf"), None, 0
    for _ in range(100_000):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(f / t, y)
        if loss.item() < best:
            best, kept, waiting = loss.item(), t.item(), 0
        else:
            waiting += 1
            if waiting >= 10:
                break
        loss.backward()
        optimiser.step()
    return kept


def prediction(seed, n, classes, scale, signal, present):
    """Logits and labels; labels are drawn from the first `present` classes only."""
    r = np.random.default_rng(seed)
    y = r.integers(present, size=n)
    f = r.normal(size=(n, classes))
    f[np.arange(n), y] += signal
    f = np.round(scale * f, 4)
    p = softmax(f, axis=1)
    onehot = np.eye(classes)[y]
    nll = lambda a: float(-log_softmax(a * f, axis=1)[np.arange(n), y].mean())
    exact = minimize_scalar(lambda u: nll(np.exp(u)), bounds=(-9, 9), method="bounded", options=dict(xatol=1e-12))
    ece, mce = calibration(p, y)
    return dict(
        logits=f.tolist(), labels=y.tolist(), accuracy=accuracy_score(y, p.argmax(1)),
        matthews=matthews_corrcoef(y, p.argmax(1)), ece=ece, mce=mce, nll=log_loss(y, p, labels=range(classes)),
        brier=float(((p - onehot) ** 2).sum(1).mean()), brier_mean=float(((p - onehot) ** 2).mean()),
        temperature_adam=adam(f, y), temperature_exact=float(np.exp(-exact.x)), nll_exact=float(exact.fun),
    )


def scatter(x, y):
    mean, h = x.mean(0), x.shape[1]
    within, between = np.zeros((h, h)), np.zeros((h, h))
    for c in np.unique(y):
        rows = x[y == c]
        d = rows - rows.mean(0)
        within += d.T @ d
        between += len(rows) * np.outer(rows.mean(0) - mean, rows.mean(0) - mean)
    return within, between


def features(seed, n, h, classes, present):
    r = np.random.default_rng(seed)
    y = r.integers(present, size=n)
    x = np.round(r.normal(size=h) + r.normal(size=(present, h))[y] + r.normal(size=(n, h)), 3)
    before = np.round(x + 0.3 * r.normal(size=(n, h)), 3)
    within, between = scatter(x, y)
    record = dict(
        features=x.tolist(), pretrained=before.tolist(), labels=y.tolist(), classes=classes,
        cs=float(cosine_similarity(x)[np.triu_indices(n, 1)].mean()),
        diff=float(np.linalg.norm(x - before, axis=1).mean()),
        fdr_pinv=float(np.trace(np.linalg.pinv(within, rcond=1e-10, hermitian=True) @ between)),
        fdr_ridge=float(np.trace(np.linalg.solve(within + 0.01 * np.trace(within) / h * np.eye(h), between))),
    )
    if n > h + present:
        record["fdr_inverse"] = float(np.trace(np.linalg.inv(within) @ between))
    return record


def tsne(seed, n, h, perplexity):
    r = np.random.default_rng(seed)
    y = np.arange(n) % 3
    x = np.round(3 * r.normal(size=(3, h))[y] + r.normal(size=(n, h)), 3)
    condensed = _joint_probabilities(pairwise_distances(x, squared=True), perplexity, 0)
    p = squareform(condensed)
    # The first five iterations; later ones are chaotic and only the divergence can be compared.
    start = PCA(2, svd_solver="full").fit_transform(x)
    start = start / start[:, 0].std() * 1e-4
    early, _, _ = _gradient_descent(_kl_divergence, start.ravel(), it=0, max_iter=5, learning_rate=50.0, momentum=0.5,
                                    args=[12 * condensed, 1, n, 2])
    fit = TSNE(method="exact", init="pca", perplexity=perplexity, random_state=0).fit(x)
    # Every 23rd entry of P is plenty.
    return dict(points=x.tolist(), labels=y.tolist(), perplexity=perplexity, every=23,
                joint=p.ravel()[::23].tolist(), early=early.reshape(n, 2)[:10].tolist(), divergence=float(fit.kl_divergence_))


if __name__ == "__main__":
    write("predictions", dict(
        three=prediction(1, 60, 3, 1.5, 1.0, 3),
        two=prediction(2, 80, 2, 4.0, 1.0, 2),
        five_one_missing=prediction(3, 50, 5, 0.5, 2.0, 4),
        under_confident=prediction(4, 70, 3, 0.2, 1.5, 3),
    ))
    write("features", dict(
        tall=features(1, 60, 12, 3, 3),
        wide=features(2, 20, 32, 3, 3),
        square=features(3, 16, 15, 2, 2),
        one_missing=features(4, 40, 6, 4, 3),
    ))
    write("tsne", tsne(1, 75, 10, 12))
