"""Stop 5: weights that change before the input gradient has been computed from them."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array

from ...check import check
from ...report import Report
from ..stop import Figures, Proof, Stop, Symptom, Variant
from .common import Linear, Rng, cross_entropy, fit, softmax, softmax_backward
from .early_norm import EarlyLayerNorm, LayerNorm

WIDTH, HEADS, BLOCKS, WORDS, LENGTH, CLASSES = 12, 2, 2, 6, 7, 4

# ------------------------------------------------------------ the code


def split(heads: int, x: Array) -> Array:
    """(batch, time, width) to (batch, heads, time, width / heads)."""
    batch, time, _ = x.shape
    return x.reshape(batch, time, heads, -1).swapaxes(1, 2)


def merge(x: Array) -> Array:
    """And back."""
    batch, _, time, _ = x.shape
    return x.swapaxes(1, 2).reshape(batch, time, -1)


class EarlyAttention:
    """Multi-head self-attention: (batch, time, width) to the same."""

    def __init__(self, width: int, heads: int, rng: Rng) -> None:
        self.heads = heads
        scale = 1 / np.sqrt(width)
        self.Wq, self.Wk, self.Wv, self.Wo = (scale * rng.normal(size=(width, width)) for _ in range(4))

    def forward(self, x: Array) -> Array:
        self.x = x
        self.q = split(self.heads, x @ self.Wq)
        self.k = split(self.heads, x @ self.Wk)
        self.v = split(self.heads, x @ self.Wv)
        self.scale = 1 / np.sqrt(self.q.shape[-1])
        self.p = softmax(self.scale * self.q @ self.k.swapaxes(2, 3))
        self.merged = merge(self.p @ self.v)
        return self.merged @ self.Wo

    def backward(self, dy: Array, lr: float) -> Array:
        self.Wo -= lr * np.einsum("btm,bto->mo", self.merged, dy)
        dmerged = split(self.heads, dy @ self.Wo.T)
        dv = merge(self.p.swapaxes(2, 3) @ dmerged)
        dp = dmerged @ self.v.swapaxes(2, 3)
        dscores = self.scale * softmax_backward(dp, self.p)
        dq = merge(dscores @ self.k)
        dk = merge(dscores.swapaxes(2, 3) @ self.q)
        self.Wq -= lr * np.einsum("bti,bto->io", self.x, dq)
        self.Wk -= lr * np.einsum("bti,bto->io", self.x, dk)
        self.Wv -= lr * np.einsum("bti,bto->io", self.x, dv)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class Attention:
    """Multi-head self-attention: (batch, time, width) to the same."""

    def __init__(self, width: int, heads: int, rng: Rng) -> None:
        self.heads = heads
        scale = 1 / np.sqrt(width)
        self.Wq, self.Wk, self.Wv, self.Wo = (scale * rng.normal(size=(width, width)) for _ in range(4))

    def forward(self, x: Array) -> Array:
        self.x = x
        self.q = split(self.heads, x @ self.Wq)
        self.k = split(self.heads, x @ self.Wk)
        self.v = split(self.heads, x @ self.Wv)
        self.scale = 1 / np.sqrt(self.q.shape[-1])
        self.p = softmax(self.scale * self.q @ self.k.swapaxes(2, 3))
        self.merged = merge(self.p @ self.v)
        return self.merged @ self.Wo

    def backward(self, dy: Array, lr: float) -> Array:
        dmerged = split(self.heads, dy @ self.Wo.T)
        dv = merge(self.p.swapaxes(2, 3) @ dmerged)
        dp = dmerged @ self.v.swapaxes(2, 3)
        dscores = self.scale * softmax_backward(dp, self.p)
        dq = merge(dscores @ self.k)
        dk = merge(dscores.swapaxes(2, 3) @ self.q)
        dx = dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T
        self.Wo -= lr * np.einsum("btm,bto->mo", self.merged, dy)
        self.Wq -= lr * np.einsum("bti,bto->io", self.x, dq)
        self.Wk -= lr * np.einsum("bti,bto->io", self.x, dk)
        self.Wv -= lr * np.einsum("bti,bto->io", self.x, dv)
        return dx


# ------------------------------------------------------------ its training


class Network:
    """Embedding, blocks of x + attention(norm(x)), the mean over time, a linear layer."""

    def __init__(self, faulty: bool, rng: Rng) -> None:
        norm, attention = (EarlyLayerNorm, EarlyAttention) if faulty else (LayerNorm, Attention)
        self.embedding = Linear(WORDS + LENGTH, WIDTH, rng)
        self.blocks = [(norm(WIDTH), attention(WIDTH, HEADS, rng)) for _ in range(BLOCKS)]
        self.norm, self.head = norm(WIDTH), Linear(WIDTH, CLASSES, rng)

    def predict(self, x: Array) -> Array:
        h = self.embedding.forward(x)
        for norm, attention in self.blocks:
            h = h + attention.forward(norm.forward(h))
        return self.head.forward(self.norm.forward(h)[:, 0])

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dlogits = cross_entropy(self.predict(x), labels)
        dtop = np.zeros((len(x), LENGTH, WIDTH))
        dtop[:, 0] = self.head.backward(dlogits)
        dh = self.norm.backward(dtop, lr)
        for norm, attention in reversed(self.blocks):
            dh = dh + norm.backward(attention.backward(dh, lr), lr)
        self.embedding.backward(dh)
        self.embedding.update(lr)
        self.head.update(lr)
        return loss


def sentences(count: int, seed: int) -> tuple[Array, Array]:
    """Seven words with their positions; the class says how often word 1 occurs: 0, 1, 2 or more often."""
    rng = np.random.default_rng(seed)
    words = rng.integers(1, WORDS, size=(count, LENGTH))
    words[:, 0] = 0  # here the answer is read
    places = np.broadcast_to(np.eye(LENGTH), (count, LENGTH, LENGTH))
    return np.concatenate([np.eye(WORDS)[words], places], axis=2), (words == 1).sum(axis=1).clip(
        0, CLASSES - 1
    )


def train() -> Symptom:
    data, test = sentences(400, seed=0), sentences(400, seed=1)
    rates = (0.1, 0.2, 0.4)
    runs = [
        [
            fit(Network(faulty, np.random.default_rng(3)), data, test, steps=400, lr=lr, batch=40)
            for lr in rates
        ]
        for faulty in (True, False)
    ]
    words = (
        "With a small learning rate it looks like a hard problem; with a larger one nothing is learned, "
        "and the advice is to take a smaller one. The twin has no such trouble."
    )
    figures = Figures(
        "right answers by learning rate",
        [f"{lr}" for lr in rates],
        [[f"{r.accuracy:.0%}" for r in of] for of in runs],
    )
    return Symptom(runs[0][-1], runs[1][-1], words, (figures,))


# ------------------------------------------------------------ the verdict


def make(faulty: bool) -> EarlyAttention | Attention:
    return (EarlyAttention if faulty else Attention)(WIDTH, HEADS, np.random.default_rng(3))


def examine(faulty: bool) -> Report:
    return check(make(faulty), np.random.default_rng(4).normal(size=(2, 5, WIDTH)))


def examine_norm(faulty: bool = True) -> Report:
    norm = (EarlyLayerNorm if faulty else LayerNorm)(WIDTH)
    return check(norm, np.random.default_rng(4).normal(size=(2, 5, WIDTH)))


def prove() -> Proof:
    """The input gradient's error along a random direction, at several learning rates."""
    rng = np.random.default_rng(4)
    x, dy, direction = (rng.normal(size=(2, 5, WIDTH)) for _ in range(3))
    above, below = (make(False).forward(x + h * direction) for h in (1e-5, -1e-5))
    slope = float(np.vdot(above - below, dy)) / 2e-5
    rates = (0.1, 0.01, 0.001, 0.0001)
    errors: list[list[float]] = []
    for faulty in (True, False):
        errors.append([])
        for lr in rates:
            attention = make(faulty)
            attention.forward(x)
            errors[-1].append(abs(float(np.vdot(attention.backward(dy, lr), direction)) - slope) / abs(slope))
    words = (
        "A gradient does not depend on a learning rate. The error of this one is proportional to the rate "
        "and gone at 0, because it is computed from weights that have made their step already."
    )
    names = [f"at learning rate {lr:g}" for lr in rates]
    return Proof(words, Figures("error of the input gradient, relative", names, errors, bars=True))


STOP = Stop(
    number=5,
    name="early",
    title="Weights that move too early",
    codes=("updates-weights-early",),
    story=(
        "backward(dy, lr) computes a weight's gradient and takes the step at once: tidy, all about one "
        "weight in one line. But the gradient for the layer below is made from the same weights, and "
        "finds the new ones. It happened in multi-head attention and in layer normalization. Every "
        "formula is right; only their order is not."
    ),
    task="how often does a word occur in a sentence of seven? (two blocks of norm and attention)",
    shown=((EarlyAttention.backward, Attention.backward),),
    train=train,
    call="chainrule.check(EarlyAttention(12, 2, rng), x)",
    examine=examine,
    prove=prove,
    repair="First everything that reads a weight, then the step.",
    variants=(Variant("layer normalization", EarlyLayerNorm.backward, examine_norm),),
)
