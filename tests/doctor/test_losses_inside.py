"""Models that compute their own loss: a softmax too many, and tokens that predict themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.doctor.report import Report


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def codes(report: Report) -> list[str]:
    assert all(f.verified for f in report.findings)
    return [f.code for f in report.findings]


class Scorer:
    """A part that is no layer: it has a loss of its own."""

    def __init__(self, twice: bool) -> None:
        self.W, self.twice = normal(3, 4), twice

    def scores(self, x: np.ndarray) -> np.ndarray:
        self.x, z = x, x @ self.W
        self.out = softmax(z) if self.twice else z
        return self.out

    def loss(self, out: np.ndarray, labels: np.ndarray) -> float:
        """By the logarithm of the sum of exponentials: no second softmax stands there as an array."""
        self.labels = labels
        return float(np.mean(np.log(np.exp(out).sum(axis=1)) - out[np.arange(len(labels)), labels]))


class Trained:
    def __init__(self, twice: bool) -> None:
        self.scorer = Scorer(twice)

    def forward(self, x: np.ndarray, labels: np.ndarray) -> float:
        return self.scorer.loss(self.scorer.scores(x), labels)

    def backward(self) -> np.ndarray:
        s = self.scorer
        d = (softmax(s.out) - np.eye(4)[s.labels]) / len(s.labels)
        if s.twice:
            d = s.out * (d - (d * s.out).sum(axis=1, keepdims=True))
        s.dW = s.x.T @ d
        return d @ s.W.T


@pytest.mark.parametrize("twice", [True, False])
def test_a_softmax_in_the_scores_and_another_in_the_loss(twice: bool) -> None:
    report = chainrule.check(Trained(twice), normal(5, 3), np.array([0, 3, 1, 1, 2]))
    assert codes(report) == (["softmax-twice"] if twice else [])
    for finding in report.findings:
        assert finding.line == Scorer.scores.__code__.co_firstlineno + 2


class SharesBehindANorm:
    """A norm notices a constant as little as a softmax does."""

    def __init__(self) -> None:
        self.W, self.v = normal(3, 4), normal(4, seed=1)

    def forward(self, x: np.ndarray, target: np.ndarray) -> float:
        self.x, self.p = x, softmax(x @ self.W)
        centered = self.p - self.p.mean(axis=1, keepdims=True)
        self.std = np.sqrt((centered**2).mean(axis=1, keepdims=True) + 1e-5)
        self.hat = centered / self.std
        self.r = self.hat @ self.v - target
        return float((self.r**2).mean())

    def backward(self) -> np.ndarray:
        dr = 2 * self.r / len(self.r)
        self.dv = self.hat.T @ dr
        dhat = dr[:, None] * self.v
        dp = dhat - dhat.mean(axis=1, keepdims=True)
        dp = (dp - self.hat * (dhat * self.hat).mean(axis=1, keepdims=True)) / self.std
        dz = self.p * (dp - (dp * self.p).sum(axis=1, keepdims=True))
        self.dW = self.x.T @ dz
        return dz @ self.W.T


def test_shares_that_go_through_a_norm() -> None:
    assert codes(chainrule.check(SharesBehindANorm(), normal(5, 3), normal(5, seed=2))) == []


class NextToken:
    """forward(tokens) -> loss; shift: how far the inputs stand before their targets."""

    def __init__(self, shift: int) -> None:
        self.E, self.U, self.shift = normal(7, 3), normal(3, 7, seed=1), shift

    def forward(self, tokens: np.ndarray) -> float:
        fed = tokens[:, 1 - self.shift : tokens.shape[1] - self.shift]
        self.ids, self.targets = fed, tokens[:, 1:]
        self.h = np.tanh(np.cumsum(self.E[self.ids], axis=1))
        self.p = softmax(self.h @ self.U)
        return float(-np.log(np.take_along_axis(self.p, self.targets[..., None], -1)).mean())

    def backward(self) -> None:
        d = (self.p - np.eye(7)[self.targets]) / self.targets.size
        self.dU = np.einsum("bth,btv->hv", self.h, d)
        dsum = np.cumsum(((d @ self.U.T) * (1 - self.h**2))[:, ::-1], axis=1)[:, ::-1]
        self.dE = np.zeros_like(self.E)
        np.add.at(self.dE, self.ids, dsum)


class SelfCoder(NextToken):
    """Reconstructs its tokens one by one, and is meant to."""

    def forward(self, tokens: np.ndarray) -> float:
        self.ids = self.targets = tokens
        self.h = np.tanh(self.E[tokens])
        self.p = softmax(self.h @ self.U)
        return float(-np.log(np.take_along_axis(self.p, tokens[..., None], -1)).mean())

    def backward(self) -> None:
        d = (self.p - np.eye(7)[self.targets]) / self.targets.size
        self.dU = np.einsum("bth,btv->hv", self.h, d)
        self.dE = np.zeros_like(self.E)
        np.add.at(self.dE, self.ids, (d @ self.U.T) * (1 - self.h**2))


@pytest.mark.parametrize(
    ("model", "leaks"), [(NextToken(0), True), (NextToken(1), False), (SelfCoder(0), False)]
)
def test_tokens_that_predict_themselves(model: Any, leaks: bool) -> None:
    report = chainrule.check(model, np.array([[1, 3, 2, 6, 4], [0, 5, 5, 1, 2]]))
    assert codes(report) == (["target-leak"] if leaks else [])
    for finding in report.findings:
        assert finding.line == NextToken.forward.__code__.co_firstlineno + 1


class MaxOverSteps:
    """The maximum over time of a convolution: its inputs are tied where x does not change."""

    def __init__(self, ties: bool) -> None:
        self.W, self.ties = normal(3, 4, 5), ties

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        self.z = np.stack([np.einsum("bkd,kdf->bf", x[:, t : t + 3], self.W) for t in range(4)], 1)
        return self.z.max(axis=1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        if self.ties:
            hit = self.z == self.z.max(axis=1, keepdims=True)
        else:
            hit = np.arange(4)[None, :, None] == self.z.argmax(axis=1)[:, None]
        dz = hit * dy[:, None]
        dx, self.dW = np.zeros_like(self.x), np.zeros_like(self.W)
        for t in range(4):
            self.dW += np.einsum("bkd,bf->kdf", self.x[:, t : t + 3], dz[:, t])
            dx[:, t : t + 3] += np.einsum("bf,kdf->bkd", dz[:, t], self.W)
        return dx


@pytest.mark.parametrize("ties", [True, False])
def test_ties_behind_a_convolution(ties: bool) -> None:
    report = chainrule.check(MaxOverSteps(ties), normal(2, 6, 4))
    assert codes(report) == (["pool-ties-duplicated"] if ties else [])
    for finding in report.findings:
        assert finding.line == MaxOverSteps.backward.__code__.co_firstlineno + 2
