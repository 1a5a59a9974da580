"""What a loop carries from pass to pass is a state; what every pass makes for itself is none."""

from __future__ import annotations

from typing import Any

import numpy as np
from findings import only, text


class Recurrent:
    """One-hot inputs, and states in a dict, as in char-rnn."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.Wx, self.Wh, self.b = rng.normal(size=(4, 6)), rng.normal(size=(4, 4)), rng.normal(size=(4, 1))

    def forward(self, ids: np.ndarray) -> np.ndarray:
        self.xs, self.hs = {}, {-1: np.zeros((4, 1))}
        for t in range(len(ids)):
            self.xs[t] = np.zeros((6, 1))
            self.xs[t][ids[t]] = 1
            self.hs[t] = np.tanh(np.dot(self.Wx, self.xs[t]) + np.dot(self.Wh, self.hs[t - 1]) + self.b)
        return np.stack([self.hs[t] for t in range(len(ids))])

    def backward(self, dy: np.ndarray) -> None:
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        for t in reversed(range(len(dy))):
            dz = dy[t] * (1 - self.hs[t] ** 2)
            self.dWx += dz @ self.xs[t].T
            self.dWh += dz @ self.hs[t - 1].T
            self.db += dz


class Misaligned(Recurrent):
    def backward(self, dy: np.ndarray) -> None:
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dnext: Any = 0
        for t in reversed(range(len(dy))):
            dz = (dy[t] + dnext) * (1 - self.hs[t] ** 2)
            self.dWx += dz @ self.xs[t].T
            self.dWh += dz @ self.hs[t].T
            self.db += dz
            dnext = self.Wh.T @ dz


class OverSamples:
    """Each sample for itself; the way through its gate is forgotten."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(4, 5))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, out = x, np.zeros((len(x), 4))
        for i in range(len(x)):
            a = self.W @ x[i]
            gate = np.exp(-(a**2))
            out[i] = a * gate
        return out

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW, dx = np.zeros_like(self.W), np.zeros_like(self.x)
        for i in range(len(dy)):
            a = self.W @ self.x[i]
            da = dy[i] * np.exp(-(a**2))
            self.dW += np.outer(da, self.x[i])
            dx[i] = self.W.T @ da
        return dx


def two(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
    a = x @ w
    return np.tanh(a), np.sin(a), (x, w, a)


def two_backward(dt: np.ndarray, ds: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
    x, w, a = cache
    da = dt * (1 - np.tanh(a) ** 2) + ds * np.cos(a)
    return da @ w.T, x.T @ (ds * np.cos(a))


def test_dropped_state() -> None:
    finding = only(Recurrent(), np.array([1, 3, 0, 3, 2]))
    assert (finding.code, finding.verified) == ("hidden-gradient-dropped", True)


def test_state_of_another_step() -> None:
    finding = only(Misaligned(), np.array([1, 3, 0, 3, 2]))
    assert (finding.code, finding.verified, finding.targets) == ("time-step-misaligned", True, ["Wh"])
    assert text(finding) == "self.dWh += dz @ self.hs[t].T"


def test_samples_are_no_steps() -> None:
    finding = only(OverSamples(), np.random.default_rng(1).normal(size=(3, 5)))
    assert finding.code in ("branch-overwritten", "activation-derivative-misplaced")


def test_one_of_two_outputs() -> None:
    rng = np.random.default_rng(2)
    finding = only((two, two_backward), rng.normal(size=(3, 4)), rng.normal(size=(4, 5)))
    assert (finding.code, finding.verified, finding.targets) == ("branch-overwritten", True, ["w"])
