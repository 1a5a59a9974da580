"""Faults of a forward that no gradient check can see, in code whose names say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from findings import only, text

import chainrule

Array = np.ndarray
RNG = np.random.default_rng(8)


class Capsules:
    """The squared length of each vector, or, by mistake, that of the whole batch. The input is called u."""

    def __init__(self, axis: int | None) -> None:
        self.W, self.axis = RNG.normal(size=(3, 4)), axis

    def forward(self, u: Array) -> Array:
        self.u, self.s = u, u @ self.W
        n2 = np.sum(self.s * self.s, axis=self.axis, keepdims=True)
        self.f, self.slope = 1 / (1 + n2), -2 / (1 + n2) ** 2
        return self.s * self.f

    def backward(self, dv: Array) -> Array:
        along = np.sum(dv * self.s, axis=self.axis, keepdims=True)
        ds = dv * self.f + along * self.slope * self.s
        self.dW = self.u.T @ ds
        return ds @ self.W.T


@pytest.mark.parametrize("axis", [None, -1])
def test_an_input_called_u_is_no_weight(axis: int | None) -> None:
    report = chainrule.check(Capsules(axis), RNG.normal(size=(5, 3)))
    assert [f.code for f in report.findings] == (["batch-leak"] if axis is None else [])


class Strato:
    """In Italian: one weight for each neuron, or, if `per_ingresso`, one for each of its inputs."""

    def __init__(self, per_ingresso: bool) -> None:
        self.pesi = RNG.normal(size=(4, 3)) if per_ingresso else RNG.normal(size=3)

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.tanh(self._somma(x))

    def _somma(self, x: Array) -> Array:
        return x @ self.pesi if self.pesi.ndim > 1 else x.sum(1, keepdims=True) * self.pesi

    def backward(self, dy: Array) -> Array:
        dz = dy * (1 - np.tanh(self._somma(self.x)) ** 2)
        if self.pesi.ndim > 1:
            self.d_pesi = self.x.T @ dz
            return dz @ self.pesi.T
        self.d_pesi = (dz * self.x.sum(1, keepdims=True)).sum(0)
        return np.repeat((dz * self.pesi).sum(1, keepdims=True), self.x.shape[1], 1)


@pytest.mark.parametrize("per_ingresso", [True, False])
def test_one_weight_per_neuron_in_any_language(per_ingresso: bool) -> None:
    report = chainrule.check(Strato(per_ingresso), RNG.normal(size=(5, 4)))
    assert [f.code for f in report.findings] == ([] if per_ingresso else ["weight-shared-across-inputs"])


class Graph:
    """A mean over neighbors with learned shares; nothing is called attention."""

    def __init__(self, late: bool) -> None:
        self.W, self.late = RNG.normal(size=(3, 3)), late
        self.adj = np.eye(5) + np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)

    def forward(self, H: Array) -> Array:
        scores = H @ self.W @ H.swapaxes(1, 2)
        e = np.exp(scores - scores.max(-1, keepdims=True)) * (1 if self.late else self.adj)
        self.p, self.H = e / e.sum(-1, keepdims=True), H
        self.alpha = self.p * self.adj if self.late else self.p
        return self.alpha @ H

    def backward(self, dy: Array) -> Array:
        H = self.H
        dp = dy @ H.swapaxes(1, 2) * (self.adj if self.late else 1)
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True))
        self.dW = np.einsum("bif,bij,bjg->fg", H, ds, H)
        return self.alpha.swapaxes(1, 2) @ dy + ds @ H @ self.W.T + ds.swapaxes(1, 2) @ H @ self.W


@pytest.mark.parametrize("late", [True, False])
def test_shares_that_are_cut_after_the_softmax(late: bool) -> None:
    report = chainrule.check(Graph(late), RNG.normal(size=(2, 5, 3)))
    assert [f.code for f in report.findings] == (["softmax-axis-wrong"] if late else [])


class Click:
    """One probability (batch, 1), by a sigmoid, or by a softmax over that one column."""

    def __init__(self, softmax: bool) -> None:
        self.v, self.softmax = RNG.normal(size=(4, 1)), softmax

    def forward(self, x: Array) -> Array:
        z = x @ self.v
        e = np.exp(z - z.max(1, keepdims=True))
        self.x, self.p = x, e / e.sum(1, keepdims=True) if self.softmax else 1 / (1 + np.exp(-z))
        return self.p

    def backward(self, dp: Array) -> Array:
        dz = self.p * ((dp - (dp * self.p).sum(1, keepdims=True)) if self.softmax else dp * (1 - self.p))
        self.dv = self.x.T @ dz
        return dz @ self.v.T


@pytest.mark.parametrize("softmax", [True, False])
def test_an_output_that_is_always_the_same(softmax: bool) -> None:
    report = chainrule.check(Click(softmax), RNG.normal(size=(5, 4)))
    assert [f.code for f in report.findings] == (["input-unused"] if softmax else [])


class Motion:
    """The mean change between frames of 8 bits: without a cast, 3 - 5 is 254."""

    def __init__(self, cast: bool) -> None:
        self.w, self.cast = RNG.normal(size=(3, 2)), cast

    def forward(self, clips: Array) -> Array:
        video = clips.astype(float) if self.cast else clips
        self.f = np.abs(video[:, 1:] - video[:, :-1]).mean((2, 3)) / 16
        return self.f @ self.w

    def backward(self, dy: Array) -> None:
        self.dw = self.f.T @ dy


class Words:
    """Ids of 8 bits are no numbers: as floats they are refused, and nothing is wrong with them."""

    def __init__(self) -> None:
        self.table = RNG.normal(size=(20, 3))

    def forward(self, ids: Array) -> Array:
        self.ids = ids
        return self.table[ids]

    def backward(self, dy: Array) -> None:
        self.dtable = np.zeros_like(self.table)
        np.add.at(self.dtable, self.ids, dy)


def test_arithmetic_that_wraps_around() -> None:
    clips = RNG.integers(0, 255, size=(3, 4, 5, 6)).astype(np.uint8)
    assert chainrule.check(Motion(cast=True), clips).ok
    finding = only(Motion(cast=False), clips)
    assert (finding.code, finding.target) == ("dtype-hazard", "clips")
    assert text(finding).startswith("self.f = np.abs(video")
    assert chainrule.check(Words(), RNG.integers(0, 20, size=(2, 5)).astype(np.uint8)).ok


class Windows:
    """A kernel of size k is no key: nothing is said of attention."""

    def __init__(self) -> None:
        self.W = RNG.normal(size=3)

    def forward(self, x: Array) -> Array:
        k = len(self.W)
        self.x = x
        return np.stack([x[:, i : i + k] @ self.W for i in range(x.shape[1] - k + 1)], 1)

    def backward(self, dy: Array) -> Array:
        k, dx = len(self.W), np.zeros_like(self.x)
        self.dW = sum(dy[:, i] @ self.x[:, i : i + k] for i in range(dy.shape[1]))
        for i in range(dy.shape[1]):
            dx[:, i : i + k] += np.outer(dy[:, i], self.W)
        return dx


def test_a_letter_makes_no_attention() -> None:
    report = chainrule.check(Windows(), RNG.normal(size=(4, 7)))
    assert report.ok
    assert report.not_tested == []
