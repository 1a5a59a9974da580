"""Faults of attention's forward stand where they begin, not where they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from protocol import normal

import chainrule


def softmax(s: np.ndarray) -> np.ndarray:
    e = np.exp(s - s.max(-1, keepdims=True))
    shares: np.ndarray = e / e.sum(-1, keepdims=True)
    return shares


class MaskedLate:
    def __init__(self) -> None:
        self.Wq, self.Wk, self.Wv = (normal(5, 4, seed=i) for i in range(3))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.seen = x, np.tril(np.ones((x.shape[1], x.shape[1])))
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.p = softmax(self.q @ self.k.swapaxes(1, 2) / 2)
        self.weights = self.p * self.seen
        return self.weights @ self.v

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dv = self.weights.swapaxes(1, 2) @ dy
        dp = dy @ self.v.swapaxes(1, 2) * self.seen
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True)) / 2
        dq, dk = ds @ self.k, ds.swapaxes(1, 2) @ self.q
        self.dWq, self.dWk, self.dWv = (np.einsum("btc,bth->ch", self.x, d) for d in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class AsksTheMemory:
    def __init__(self) -> None:
        self.Wq, self.Wk, self.Wv = (normal(4, 4, seed=i) for i in range(3))

    def forward(self, x: np.ndarray, memory: np.ndarray) -> np.ndarray:
        self.x, self.memory = x, memory
        self.q = memory @ self.Wq
        self.k, self.v = x @ self.Wk, x @ self.Wv
        self.p = softmax(self.q @ self.k.swapaxes(1, 2) / 2)
        return self.p @ self.v

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        dv, dp = self.p.swapaxes(1, 2) @ dy, dy @ self.v.swapaxes(1, 2)
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True)) / 2
        dq, dk = ds @ self.k, ds.swapaxes(1, 2) @ self.q
        self.dWq = np.einsum("btc,bth->ch", self.memory, dq)
        self.dWk, self.dWv = (np.einsum("btc,bth->ch", self.x, d) for d in (dk, dv))
        return dk @ self.Wk.T + dv @ self.Wv.T, dq @ self.Wq.T


@pytest.mark.parametrize(
    ("layer", "inputs", "code", "wrong"),
    [
        (MaskedLate(), [normal(2, 4, 5)], "softmax-axis-wrong", "self.weights = self.p * self.seen"),
        (
            AsksTheMemory(),
            [normal(2, 3, 4), normal(2, 5, 4)],
            "attention-roles-swapped",
            "self.q = memory @ self.Wq",
        ),
    ],
    ids=lambda v: type(v).__name__ if hasattr(v, "forward") else "",
)
def test_the_line_where_it_begins(layer: Any, inputs: list[np.ndarray], code: str, wrong: str) -> None:
    finding = chainrule.check(layer, *inputs).findings[0]
    assert finding.code == code, finding
    assert Path(finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1].strip() == wrong
