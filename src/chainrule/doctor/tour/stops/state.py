"""Stop 4: a reshape where axes must be exchanged."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array

from ...check import check
from ...report import Report
from ..stop import Figures, Proof, Stop, Symptom
from .common import Linear, Rng, accuracy, cross_entropy, fit

FEATURES, HIDDEN, STEPS = 2, 12, 8

# ------------------------------------------------------------ the code


class ScramblingRNN:
    """Maps (batch, time, features) to the last state (batch, hidden)."""

    def __init__(self, features: int, hidden: int, rng: Rng) -> None:
        self.Wx = rng.normal(size=(hidden, features)) / np.sqrt(features)
        self.Wh = np.linalg.qr(rng.normal(size=(hidden, hidden)))[0]
        self.b = np.zeros((hidden, 1))

    def forward(self, x: Array) -> Array:
        self.x = x
        batch, time, _ = x.shape
        self.h = [np.zeros((len(self.b), batch))]  # (hidden, batch)
        for t in range(time):
            z = self.Wx @ x[:, t].T + self.Wh @ self.h[-1] + self.b
            self.h.append(np.tanh(z))
        return self.h[-1].reshape(batch, len(self.b))

    def backward(self, dy: Array) -> Array:
        self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        self.db, dx = np.zeros_like(self.b), np.zeros_like(self.x)
        dh = dy.reshape(self.h[-1].shape)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1 - self.h[t + 1] ** 2)
            self.dWx += dz @ self.x[:, t]
            self.dWh += dz @ self.h[t].T
            self.db += dz.sum(axis=1, keepdims=True)
            dx[:, t] = (self.Wx.T @ dz).T
            dh = self.Wh.T @ dz
        return dx


class RNN:
    """Maps (batch, time, features) to the last state (batch, hidden)."""

    def __init__(self, features: int, hidden: int, rng: Rng) -> None:
        self.Wx = rng.normal(size=(hidden, features)) / np.sqrt(features)
        self.Wh = np.linalg.qr(rng.normal(size=(hidden, hidden)))[0]
        self.b = np.zeros((hidden, 1))

    def forward(self, x: Array) -> Array:
        self.x = x
        batch, time, _ = x.shape
        self.h = [np.zeros((len(self.b), batch))]  # (hidden, batch)
        for t in range(time):
            z = self.Wx @ x[:, t].T + self.Wh @ self.h[-1] + self.b
            self.h.append(np.tanh(z))
        return self.h[-1].T

    def backward(self, dy: Array) -> Array:
        self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        self.db, dx = np.zeros_like(self.b), np.zeros_like(self.x)
        dh = dy.T
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1 - self.h[t + 1] ** 2)
            self.dWx += dz @ self.x[:, t]
            self.dWh += dz @ self.h[t].T
            self.db += dz.sum(axis=1, keepdims=True)
            dx[:, t] = (self.Wx.T @ dz).T
            dh = self.Wh.T @ dz
        return dx


# ------------------------------------------------------------ its training


class Network:
    """The recurrent layer and a linear one."""

    def __init__(self, rnn: ScramblingRNN | RNN, rng: Rng) -> None:
        self.rnn, self.head = rnn, Linear(HIDDEN, 3, rng)

    def predict(self, x: Array) -> Array:
        return self.head.forward(self.rnn.forward(x))

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dlogits = cross_entropy(self.predict(x), labels)
        self.rnn.backward(self.head.backward(dlogits))
        self.head.update(lr)
        for name in ("Wx", "Wh", "b"):
            weight, gradient = getattr(self.rnn, name), getattr(self.rnn, f"d{name}")
            weight -= lr * gradient
        return loss


def turns(count: int, seed: int) -> tuple[Array, Array]:
    """Points that walk around a circle: to the left, to the right, or to and fro."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=count)
    steps = np.where(labels[:, None] == 2, (-1) ** np.arange(STEPS), 1 - 2 * (labels[:, None] == 1))
    angle = rng.uniform(0, 2 * np.pi, size=(count, 1)) + 0.7 * np.cumsum(steps, axis=1)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    return x + 0.1 * rng.normal(size=x.shape), labels


def make(faulty: bool) -> ScramblingRNN | RNN:
    return (ScramblingRNN if faulty else RNN)(FEATURES, HIDDEN, np.random.default_rng(4))


def train() -> Symptom:
    data, test = turns(240, seed=0), turns(240, seed=1)
    networks = [Network(make(faulty), np.random.default_rng(5)) for faulty in (True, False)]
    faulty, repaired = (fit(n, data, test, steps=300, lr=0.3, batch=24) for n in networks)
    alone = [Network(make(faulty), np.random.default_rng(5)) for faulty in (True, False)]
    for network in alone:
        fit(network, data, test, steps=720, lr=0.03, batch=1)
    one = [float(np.mean([accuracy(n, test[0][[i]], test[1][[i]]) for i in range(240)])) for n in alone]
    sizes = ("batches of 24", "one sample at a time")
    columns = [
        [f"{together:.0%}", f"{single:.0%}"]
        for together, single in zip((faulty.accuracy, repaired.accuracy), one, strict=True)
    ]
    words = (
        "It does not learn. Try one sample at a time, to debug it, and everything works: of (hidden, 1) a "
        "reshape and a transpose make the same."
    )
    return Symptom(faulty, repaired, words, (Figures("right answers", sizes, columns),))


# ------------------------------------------------------------ the verdict


def examine(faulty: bool) -> Report:
    return check(make(faulty), turns(5, seed=0)[0])


def prove() -> Proof:
    x = turns(4, seed=0)[0]
    other = x.copy()
    other[2] = -other[2]
    changes = [
        [float(row.max()) for row in np.abs(make(f).forward(other) - make(f).forward(x))]
        for f in (True, False)
    ]
    words = (
        "Change one sample of four: only its own output may move. Backward scrambles back what forward has "
        "scrambled, so its gradients are right, and there is nothing for a gradient check to find."
    )
    names = [f"sample {i}{', the changed one' if i == 2 else ''}" for i in range(4)]
    return Proof(words, Figures("largest change of an output", names, changes))


STOP = Stop(
    number=4,
    name="state",
    title="A reshape that mixes samples",
    codes=("batch-leak", "reshape-for-transpose"),
    story=(
        "A state of shape (hidden, batch) was wanted as (batch, hidden, 1), and a reshape made that "
        "shape. But a reshape never exchanges axes: it reads the numbers row by row and cuts them anew, "
        "so every sample is given units of many others. All shapes fit, and no line fails."
    ),
    task="walks on a circle of eight steps: to the left, to the right, to and fro?",
    shown=((ScramblingRNN, RNN),),
    train=train,
    call="chainrule.check(ScramblingRNN(2, 12, rng), walks)",
    examine=examine,
    prove=prove,
    repair="Axes are exchanged by a transpose, there and back.",
)
