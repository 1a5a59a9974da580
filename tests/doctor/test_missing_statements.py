"""A gradient that is never filled: the statement that is missing, made like that of another parameter."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule


class Two:
    """tanh(x @ W + b) * (x @ U + c)"""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.W, self.U, self.b, self.c = (rng.normal(size=s) for s in ((3, 4), (3, 4), 4, 4))
        self.grads = {"b": np.zeros(4), "c": np.zeros(4)}

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.left, self.right = x, np.tanh(x @ self.W + self.b), x @ self.U + self.c
        y: np.ndarray = self.left * self.right
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dl = dy * self.right * (1 - self.left**2)
        dr = dy * self.left
        self.store(dl, dr)
        return dl @ self.W.T + dr @ self.U.T

    def store(self, dl: np.ndarray, dr: np.ndarray) -> None:
        self.dW, self.dU = self.x.T @ dl, self.x.T @ dr


class InDict(Two):
    def store(self, dl: np.ndarray, dr: np.ndarray) -> None:
        super().store(dl, dr)
        self.grads["c"] = np.zeros(4)
        self.grads["b"] = dl.sum(axis=0)


class InAttributes(Two):
    def store(self, dl: np.ndarray, dr: np.ndarray) -> None:
        super().store(dl, dr)
        self.db = np.zeros(4)
        self.dc = np.zeros(4)
        self.db += dl.sum(axis=0)


@pytest.mark.parametrize(
    ("layer", "fix"),
    [
        (InDict, "+ self.grads['c'] = dr.sum(axis=0)"),
        (InAttributes, "+ self.dc += dr.sum(axis=0)"),
    ],
)
def test_the_statement_that_is_missing(layer: type, fix: str) -> None:
    (finding,) = chainrule.check(layer(), np.random.default_rng(1).normal(size=(5, 3))).findings
    assert (finding.code, finding.target.rpartition(".")[2]) == ("gradient-never-computed", "c")
    assert finding.fix == fix
