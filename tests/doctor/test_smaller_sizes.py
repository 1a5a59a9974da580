"""What is handed in is a hint: a batch of images or a long sequence is looked at with few numbers.

Checked number by number, these layers would take minutes and gigabytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.doctor.smaller import is_large
from chainrule.doctor.smaller.settle import settle
from chainrule.doctor.subject import Subject
from chainrule.layers import LSTM, Conv2d, CrossEntropyLoss, Embedding, Linear, TransformerEncoderLayer

rng = np.random.default_rng(0)


class Dense:
    def __init__(self, features: int, units: int, mean: bool = False) -> None:
        self.W = rng.normal(size=(features, units)) / np.sqrt(features)
        self.b = np.zeros(units)
        self.features, self.mean = features, mean

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x.reshape(-1, self.features)
        return self.x @ self.W + self.b

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW = self.x.T @ dy / (len(dy) if self.mean else 1)
        self.db = dy.sum(0)
        return dy @ self.W.T


class Heads:
    """Attention whose head size is remembered, and whose scale is a number."""

    def __init__(self, features: int, heads: int, scaled: bool = True) -> None:
        self.Wq, self.Wk, self.Wv = (rng.normal(size=(features, features)) / np.sqrt(features) for _ in "qkv")
        self.heads, self.head_size = heads, features // heads
        self.scale, self.scaled = 1 / np.sqrt(features // heads), scaled

    def _split(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(*x.shape[:2], self.heads, self.head_size).transpose(0, 2, 1, 3)

    def _join(self, x: np.ndarray) -> np.ndarray:
        return x.transpose(0, 2, 1, 3).reshape(len(x), x.shape[2], -1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        self.q, self.k, self.v = (self._split(x @ W) for W in (self.Wq, self.Wk, self.Wv))
        scores = self.q @ self.k.transpose(0, 1, 3, 2) * self.scale
        e = np.exp(scores - scores.max(-1, keepdims=True))
        self.p = e / e.sum(-1, keepdims=True)
        return self._join(self.p @ self.v)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dout = self._split(dy)
        dp, dv = dout @ self.v.transpose(0, 1, 3, 2), self.p.transpose(0, 1, 3, 2) @ dout
        dscores = self.p * (dp - (dp * self.p).sum(-1, keepdims=True))
        if self.scaled:
            dscores = dscores * self.scale
        dq, dk, dv = (self._join(g) for g in (dscores @ self.k, dscores.transpose(0, 1, 3, 2) @ self.q, dv))
        self.dWq, self.dWk, self.dWv = (np.einsum("bti,btj->ij", self.x, g) for g in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def test_a_fault_of_a_large_layer_is_named_and_said_to_have_been_seen_small() -> None:
    report = chainrule.check(Dense(784, 128, mean=True), rng.normal(size=(64, 784)))
    (finding,) = report.findings
    assert (finding.code, finding.target, finding.verified) == ("mean-sum-mismatch", "W", True)
    assert report.sizes == ["784 → 4, 128 → 5, 64 → 3"]
    assert "looked at with smaller sizes: 784 → 4" in str(report)


def test_the_layer_is_left_as_it_was() -> None:
    layer = Dense(784, 128)
    before = dict(vars(layer))
    assert chainrule.check(layer, rng.normal(size=(64, 784))).ok
    assert vars(layer).keys() == before.keys()
    assert all(vars(layer)[name] is value for name, value in before.items())
    assert layer.W.shape == (784, 128)


def test_heads_still_divide_what_they_share() -> None:
    case, _ = settle(Subject(Heads(64, 4), (rng.normal(size=(8, 30, 64)),)), "", frozenset(), 0, None)
    small: Any = case.probe.subject.owner
    assert small.Wq.shape[0] % small.heads == 0 and small.head_size * small.heads == small.Wq.shape[0]  # noqa: PT018
    assert small.scale == pytest.approx(small.head_size**-0.5)


@pytest.mark.parametrize("scaled", [True, False])
def test_attention_of_real_size(scaled: bool) -> None:
    report = chainrule.check(Heads(64, 4, scaled), rng.normal(size=(8, 30, 64)))
    assert [f.code for f in report.findings] == ([] if scaled else ["attention-scale-missing"])


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (Linear(784, 128), rng.normal(size=(64, 784))),
        (Conv2d(3, 16, 3, stride=2, padding=1), rng.normal(size=(16, 3, 32, 32))),
        (LSTM(32, 64), rng.normal(size=(16, 30, 32))),
        (Embedding(1000, 32), rng.integers(0, 1000, size=(16, 30))),
        (TransformerEncoderLayer(32, 4, 64), rng.normal(size=(4, 20, 32))),
    ],
    ids=["linear", "conv2d", "lstm", "embedding", "encoder"],
)
def test_right_layers_of_real_size_are_met_with_silence(layer: Any, x: np.ndarray) -> None:
    report = chainrule.check(layer, x)
    assert report.ok, report
    assert report.sizes


def test_one_hot_targets_keep_their_ones() -> None:
    logits, classes = rng.normal(size=(64, 100)), rng.integers(0, 100, size=64)
    assert chainrule.check(CrossEntropyLoss(), logits, classes).ok

    def loss(y: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
        e = np.exp(y - y.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        return float(-np.sum(t * np.log(p)) / len(y)), (p - t) / len(y)

    report = chainrule.check(
        Dense(40, 100), rng.normal(size=(64, 40)), loss=loss, target=np.eye(100)[classes]
    )
    assert report.ok, report


class OnlyLarge(Dense):
    """Blocks of 32 samples; the last one is forgotten where there are several."""

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx = super().backward(dy)
        if len(dy) > 32:
            self.db = dy[:32].sum(0)
        return dx


def test_a_fault_that_only_the_full_size_has_is_found_there() -> None:
    report = chainrule.check(OnlyLarge(12, 9), rng.normal(size=(150, 12)))
    assert [f.target for f in report.findings] == ["b"]
    assert not report.sizes


class Fixed(Dense):
    """Knows its sizes as numbers in its code: no other ones will do."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x.reshape(len(x), 4, 10).reshape(-1, 40)
        return self.x @ self.W + self.b


def test_code_that_runs_at_one_size_only_is_examined_there() -> None:
    assert chainrule.check(Fixed(40, 30), rng.normal(size=(20, 40))).ok
    (finding,) = chainrule.check(Fixed(40, 30, mean=True), rng.normal(size=(20, 40))).findings
    assert finding.code == "mean-sum-mismatch"


def test_small_things_stay_as_they_are() -> None:
    assert not is_large(Subject(Dense(5, 4), (rng.normal(size=(3, 5)),)))
