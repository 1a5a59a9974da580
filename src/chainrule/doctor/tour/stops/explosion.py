"""Stop 8: a recurrent network whose gradients explode."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array

from ...report import Report
from ...training import check_training
from ..stop import Figures, Proof, Stop, Symptom
from .common import Rng, cross_entropy, fit

FEATURES, HIDDEN, CLASSES, TIME = 3, 16, 3, 30
RATE, BATCH, STEPS, SEED = 0.05, 32, 400, 1

# ------------------------------------------------------------ the code


class WildRNN:
    """Maps (batch, time, features) to logits, from the last state."""

    def __init__(self, sizes: tuple[int, int, int], rng: Rng) -> None:
        features, hidden, classes = sizes
        self.Wx = 0.3 * rng.normal(size=(features, hidden))
        self.Wh = rng.normal(size=(hidden, hidden))
        self.Wy = 0.3 * rng.normal(size=(hidden, classes))

    def predict(self, x: Array) -> Array:
        self.x, self.h = x, [np.zeros((len(x), len(self.Wh)))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.Wx + self.h[-1] @ self.Wh))
        return self.h[-1] @ self.Wy

    def gradients(self, dlogits: Array) -> list[Array]:
        dWx, dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        dh, self.norms = dlogits @ self.Wy.T, []
        for t in reversed(range(self.x.shape[1])):
            self.norms.append(float(np.linalg.norm(dh)))
            dz = dh * (1 - self.h[t + 1] ** 2)
            dWx += self.x[:, t].T @ dz
            dWh += self.h[t].T @ dz
            dh = dz @ self.Wh.T
        return [dWx, dWh, self.h[-1].T @ dlogits]

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dlogits = cross_entropy(self.predict(x), labels)
        dWx, dWh, dWy = self.gradients(dlogits)
        self.Wx -= lr * dWx
        self.Wh -= lr * dWh
        self.Wy -= lr * dWy
        return loss


class RNN:
    """Maps (batch, time, features) to logits, from the last state."""

    def __init__(self, sizes: tuple[int, int, int], rng: Rng) -> None:
        features, hidden, classes = sizes
        self.Wx = 0.3 * rng.normal(size=(features, hidden))
        self.Wh = np.linalg.qr(rng.normal(size=(hidden, hidden)))[0]
        self.Wy = 0.3 * rng.normal(size=(hidden, classes))

    def predict(self, x: Array) -> Array:
        self.x, self.h = x, [np.zeros((len(x), len(self.Wh)))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.Wx + self.h[-1] @ self.Wh))
        return self.h[-1] @ self.Wy

    def gradients(self, dlogits: Array) -> list[Array]:
        dWx, dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        dh, self.norms = dlogits @ self.Wy.T, []
        for t in reversed(range(self.x.shape[1])):
            self.norms.append(float(np.linalg.norm(dh)))
            dz = dh * (1 - self.h[t + 1] ** 2)
            dWx += self.x[:, t].T @ dz
            dWh += self.h[t].T @ dz
            dh = dz @ self.Wh.T
        return [dWx, dWh, self.h[-1].T @ dlogits]

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dlogits = cross_entropy(self.predict(x), labels)
        dWx, dWh, dWy = self.gradients(dlogits)
        self.Wx -= lr * dWx
        self.Wh -= lr * dWh
        self.Wy -= lr * dWy
        return loss


# ------------------------------------------------------------ other remedies


class ClippedRNN(WildRNN):
    """The wild one, with the norm of all gradients together limited to 1 before the step."""

    def gradients(self, dlogits: Array) -> list[Array]:
        found = super().gradients(dlogits)
        norm = np.sqrt(sum(float((g**2).sum()) for g in found))
        return [g * min(1.0, 1.0 / norm) for g in found]


class GatedRNN(ClippedRNN):
    """The wild one with a forget gate, as in an LSTM: h = f h + (1 - f) tanh(...), f = sigmoid(x Wf + b)."""

    def __init__(self, sizes: tuple[int, int, int], rng: Rng) -> None:
        super().__init__(sizes, rng)
        features, hidden, _ = sizes
        self.Wf, self.bf = np.zeros((features, hidden)), np.full(hidden, 2.0)  # it begins open

    def predict(self, x: Array) -> Array:
        self.x, self.h = x, [np.zeros((len(x), len(self.Wh)))]
        self.f = 1 / (1 + np.exp(-(x @ self.Wf + self.bf)))
        self.new: list[Array] = []
        for t in range(x.shape[1]):
            self.new.append(np.tanh(x[:, t] @ self.Wx + self.h[-1] @ self.Wh))
            self.h.append(self.f[:, t] * self.h[-1] + (1 - self.f[:, t]) * self.new[-1])
        return self.h[-1] @ self.Wy

    def gradients(self, dlogits: Array) -> list[Array]:
        dWx, dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        df = np.zeros_like(self.f)
        dh, self.norms = dlogits @ self.Wy.T, []
        for t in reversed(range(self.x.shape[1])):
            self.norms.append(float(np.linalg.norm(dh)))
            f, new = self.f[:, t], self.new[t]
            df[:, t] = dh * (self.h[t] - new) * f * (1 - f)
            dz = dh * (1 - f) * (1 - new**2)
            dWx += self.x[:, t].T @ dz
            dWh += self.h[t].T @ dz
            dh = dh * f + dz @ self.Wh.T
        self.dWf, self.dbf = np.einsum("ntf,nth->fh", self.x, df), df.sum(axis=(0, 1))
        return [dWx, dWh, self.h[-1].T @ dlogits]

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss = super().step(x, labels, lr)
        self.Wf -= lr * self.dWf
        self.bf -= lr * self.dbf
        return loss


# ------------------------------------------------------------ its training


def echoes(count: int, seed: int) -> tuple[Array, Array]:
    """A pulse in one of three channels, then noise for the rest of thirty steps: which channel was it?"""
    rng = np.random.default_rng(seed)
    x, labels = 0.1 * rng.normal(size=(count, TIME, FEATURES)), rng.integers(CLASSES, size=count)
    x[np.arange(count), 0, labels] += 2
    return x, labels


def make(kind: type[WildRNN] | type[RNN]) -> WildRNN | RNN:
    return kind((FEATURES, HIDDEN, CLASSES), np.random.default_rng(SEED))


def train() -> Symptom:
    data, test = echoes(640, seed=0), echoes(300, seed=1)
    networks, norms = [make(WildRNN), make(RNN)], []
    for network in networks:
        network.step(data[0][:BATCH], data[1][:BATCH], 0.0)
        norms.append([network.norms[TIME - t] for t in steps_back()])
    faulty, repaired = (fit(n, data, test, steps=STEPS, lr=RATE, batch=BATCH) for n in networks)
    names = [f"at time step {t}" for t in steps_back()]
    words = (
        "Nothing is learned. On its way back through time the gradient grows more than ten thousand "
        "times, so the weights follow the first time steps alone, and those leap with every update."
    )
    return Symptom(
        faulty, repaired, words, (Figures("norm of the gradient on its way back", names, norms, bars=True),)
    )


def steps_back() -> range:
    return range(TIME, 0, -6)


# ------------------------------------------------------------ the verdict


def examine(faulty: bool) -> Report:
    x, labels = echoes(160, seed=0)
    return check_training(
        make(WildRNN if faulty else RNN), x, labels, learning_rate=RATE, batch_size=BATCH, steps=40
    )


def prove() -> Proof:
    """The same network, treated in several ways."""
    data, test = echoes(640, seed=0), echoes(300, seed=1)
    kinds: dict[str, type[WildRNN] | type[RNN]] = {
        "as it was": WildRNN,
        "gradients clipped to a norm of 1": ClippedRNN,
        "orthogonal recurrent weight": RNN,
        "a forget gate, clipped": GatedRNN,
    }
    growth, answers = [], []
    for kind in kinds.values():
        network = make(kind)
        network.step(data[0][:BATCH], data[1][:BATCH], 0.0)
        growth.append((network.norms[-1] / network.norms[0]) ** (1 / (TIME - 1)))
        answers.append(f"{fit(network, data, test, steps=STEPS, lr=RATE, batch=BATCH).accuracy:.0%}")
    radius = float(np.abs(np.linalg.eigvals(make(WildRNN).Wh)).max())
    words = (
        "Every step back multiplies by the transposed recurrent weight, whose spectral radius is "
        f"{radius:.1f}, and by the slope of tanh. Clipping tames the steps and leaves the growth; a "
        "recurrent weight of radius 1, or a gate, takes away the growth itself."
    )
    return Proof(
        words,
        Figures(
            "the same data, learning rate and steps",
            list(kinds),
            [growth, answers],
            heads=("growth per step", "right answers"),
        ),
    )


STOP = Stop(
    number=8,
    name="explosion",
    title="Gradients that explode",
    codes=("gradient-explodes",),
    story=(
        "The gradients of a recurrent network grew from time step to time step. There is no wrong line to "
        "be found, every formula can be derived again, and it was left as it was: of the eight bugs this "
        "is the one that was never fixed."
    ),
    task="a pulse in one of three channels, then 29 steps of noise: which channel was it?",
    shown=((WildRNN, RNN),),
    train=train,
    call="chainrule.check_training(rnn, pulses, labels, learning_rate=0.05)",
    examine=examine,
    prove=prove,
    repair="First the recurrent weight (orthogonal), then clipping, then gates.",
)
