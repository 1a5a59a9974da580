"""Stop 3: first weights so small that every image looks alike in the end."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from itertools import pairwise

import numpy as np

from chainrule.functions.arrays import Array

from ...report import Report
from ...training import check_training
from ..stop import Figures, Proof, Stop, Symptom
from .common import Rng, cross_entropy, fit

SIZES = (36, 28, 24, 20, 16, 12, 4)
RATE, STEPS, BATCH = 0.2, 250, 40

# ------------------------------------------------------------ the code


class TimidNetwork:
    """Linear layers with tanh in between; the last gives logits."""

    def __init__(self, sizes: tuple[int, ...], rng: Rng) -> None:
        self.W, self.b = [], []
        for inputs, outputs in pairwise(sizes):
            self.W.append(rng.uniform(-0.05, 0.05, size=(inputs, outputs)))
            self.b.append(np.zeros(outputs))

    def predict(self, x: Array) -> Array:
        self.h = [x]
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            self.h.append(np.tanh(self.h[-1] @ W + b))
        return self.h[-1] @ self.W[-1] + self.b[-1]

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dz = cross_entropy(self.predict(x), labels)
        for k in reversed(range(len(self.W))):
            dW, db = self.h[k].T @ dz, dz.sum(axis=0)
            dz = (dz @ self.W[k].T) * (1 - self.h[k] ** 2)
            self.W[k] -= lr * dW
            self.b[k] -= lr * db
        return loss


class Network:
    """Linear layers with tanh in between; the last gives logits."""

    def __init__(self, sizes: tuple[int, ...], rng: Rng) -> None:
        self.W, self.b = [], []
        for inputs, outputs in pairwise(sizes):
            limit = np.sqrt(6 / (inputs + outputs))  # Glorot and Bengio 2010
            self.W.append(rng.uniform(-limit, limit, size=(inputs, outputs)))
            self.b.append(np.zeros(outputs))

    def predict(self, x: Array) -> Array:
        self.h = [x]
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            self.h.append(np.tanh(self.h[-1] @ W + b))
        return self.h[-1] @ self.W[-1] + self.b[-1]

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dz = cross_entropy(self.predict(x), labels)
        for k in reversed(range(len(self.W))):
            dW, db = self.h[k].T @ dz, dz.sum(axis=0)
            dz = (dz @ self.W[k].T) * (1 - self.h[k] ** 2)
            self.W[k] -= lr * dW
            self.b[k] -= lr * db
        return loss


# ------------------------------------------------------------ its training


def quarters(count: int, seed: int) -> tuple[Array, Array]:
    """Noisy images, 6 x 6, flat: one quarter is bright."""
    rng = np.random.default_rng(seed)
    images, labels = 0.7 * rng.normal(size=(count, 6, 6)), rng.integers(4, size=count)
    for image, label in zip(images, labels, strict=True):
        row, column = 3 * (label // 2), 3 * (label % 2)
        image[row : row + 3, column : column + 3] += 1
    return images.reshape(count, 36), labels


def make(faulty: bool) -> TimidNetwork | Network:
    return (TimidNetwork if faulty else Network)(SIZES, np.random.default_rng(5))


def train() -> Symptom:
    data, test = quarters(200, seed=0), quarters(400, seed=1)
    networks = [make(True), make(False)]
    alike = [spreads(network, test[0]) for network in networks]
    faulty, repaired = (fit(n, data, test, steps=STEPS, lr=RATE, batch=BATCH) for n in networks)
    answers = [
        [int(k) for k in np.bincount(n.predict(test[0]).argmax(axis=1), minlength=4)] for n in networks
    ]
    layers = [*(f"layer {k}" for k in range(1, len(SIZES) - 1)), "logits"]
    words = "One class for every image. Nothing crashes; the loss stands at ln 4 = 1.39, which is guessing."
    return Symptom(
        faulty,
        repaired,
        words,
        (
            Figures("answers to 400 fresh images", [f"class {c}" for c in range(4)], answers),
            Figures("how much images differ before the first step (spread)", layers, alike, bars=True),
        ),
    )


def spreads(network: TimidNetwork | Network, x: Array) -> list[float]:
    logits = network.predict(x)
    return [float(h.std(axis=0).mean()) for h in (*network.h[1:], logits)]


# ------------------------------------------------------------ the verdict


def examine(faulty: bool) -> Report:
    x, labels = quarters(200, seed=0)
    return check_training(make(faulty), x, labels, learning_rate=RATE, batch_size=BATCH, steps=120)


def prove() -> Proof:
    """The faulty network with one suspect at a time taken away."""
    data, test = quarters(200, seed=0), quarters(400, seed=1)
    suspects = {
        "as it was": (make(True), RATE),
        "a tenth of the learning rate": (make(True), RATE / 10),
        "ten times the learning rate": (make(True), RATE * 10),
        "first weights by Glorot's rule": (make(False), RATE),
    }
    runs = [fit(n, data, test, steps=STEPS, lr=lr, batch=BATCH) for n, lr in suspects.values()]
    words = (
        "One symptom has several causes, so take them away one by one. A linear layer multiplies "
        "differences between images by about the spread of its weights times the root of their number: "
        "here 0.029 x √20 = 0.13, six times over, and some millionths arrive at the logits. Glorot's rule "
        "makes that factor about 1."
    )
    accuracies, losses = [f"{r.accuracy:.0%}" for r in runs], [r.losses[-1] for r in runs]
    return Proof(
        words, Figures("trained again", list(suspects), [accuracies, losses], heads=("accuracy", "loss"))
    )


STOP = Stop(
    number=3,
    name="initialization",
    title="One class for every image",
    codes=("single-class-collapse",),
    story=(
        "A network predicted one class for every image, until its first weights were drawn by Glorot's "
        "rule. No line of forward or backward was wrong, so reading them once more could not help."
    ),
    task="noisy images of 6 x 6 pixels: which quarter is bright?",
    shown=((TimidNetwork.__init__, Network.__init__),),
    train=train,
    call="chainrule.check_training(network, images, labels, learning_rate=0.2)",
    examine=examine,
    prove=prove,
    repair="The scale of the first weights follows from the sizes of the layer.",
)
