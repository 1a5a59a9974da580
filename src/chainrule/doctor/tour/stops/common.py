"""What the networks of the tour share, and where none of its bugs is: a loss, a linear layer, the loop."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np

from chainrule.functions.arrays import Array

from ..stop import Training

Rng: TypeAlias = np.random.Generator


class Network(Protocol):
    def step(self, x: Array, labels: Array, lr: float) -> float: ...

    def predict(self, x: Array) -> Array: ...


def cross_entropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """The mean loss and its gradient."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    dlogits = p.copy()
    dlogits[rows, labels] -= 1
    loss = np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, labels]
    return float(loss.mean()), dlogits / len(labels)


def softmax(scores: Array) -> Array:
    """Over the last axis."""
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dp: Array, p: Array) -> Array:
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


class Linear:
    """x @ W + b, over the last axis. update() takes the step of gradient descent."""

    def __init__(self, inputs: int, outputs: int, rng: Rng) -> None:
        self.W = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        self.b = np.zeros(outputs)

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: Array) -> Array:
        rows = dy.reshape(-1, dy.shape[-1])
        self.dW = self.x.reshape(-1, self.x.shape[-1]).T @ rows
        self.db = rows.sum(axis=0)
        return dy @ self.W.T

    def update(self, lr: float) -> None:
        self.W -= lr * self.dW
        self.b -= lr * self.db


def fit(
    network: Network,
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    *,
    steps: int,
    lr: float,
    batch: int,
) -> Training:
    """Gradient descent; batches are cut in order. Ends where the loss is no number any more."""
    x, labels = train
    losses: list[float] = []
    with np.errstate(all="ignore"):  # overflow is what some of these bugs do
        for step in range(steps):
            rows = np.arange(step * batch, (step + 1) * batch) % len(x)
            losses.append(network.step(x[rows], labels[rows], lr))
            if not np.isfinite(losses[-1]):
                break
        return Training(losses, accuracy(network, *test))


def accuracy(network: Network, x: Array, labels: Array) -> float:
    return float((network.predict(x).argmax(axis=1) == labels).mean())
