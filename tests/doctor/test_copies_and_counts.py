"""Counts of what only forward knows, copies that it makes, and ids that repeat in a part of an array."""

from __future__ import annotations

import numpy as np
import pytest
from findings import only

import chainrule


class FirstState:
    """tanh(h0 + x @ W), with h0 handed to every sample."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.h0, self.W = rng.normal(size=4), rng.normal(size=(3, 4))

    def copied(self, x: np.ndarray) -> np.ndarray:
        return np.repeat(self.h0[None], len(x), axis=0)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        self.h: np.ndarray = np.tanh(self.copied(x) + x @ self.W)
        return self.h

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dz = dy * (1 - self.h**2)
        self.dW = self.x.T @ dz
        self.dh0 = dz.mean(axis=0)
        dx: np.ndarray = dz @ self.W.T
        return dx


class Tiled(FirstState):
    def copied(self, x: np.ndarray) -> np.ndarray:
        return np.tile(self.h0, (len(x), 1))


class Bias(FirstState):
    def copied(self, x: np.ndarray) -> np.ndarray:
        return self.h0


@pytest.mark.parametrize(
    ("layer", "code"),
    [(FirstState, "broadcast-not-summed"), (Tiled, "broadcast-not-summed"), (Bias, "mean-sum-mismatch")],
)
def test_the_mean_over_copies_that_forward_makes(layer: type, code: str) -> None:
    finding = only(layer(), np.random.default_rng(1).normal(size=(5, 3)))
    assert (finding.code, finding.targets, finding.verified) == (code, ["h0"], True)


class MeanOfWindows:
    """The mean over all windows of relu(window @ K): how many windows there are, only forward knows."""

    def __init__(self) -> None:
        self.K = np.random.default_rng(0).normal(size=(3, 2, 4))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, length = x, x.shape[1] - 2
        self.z: np.ndarray = sum(x[:, k : k + length] @ self.K[k] for k in range(3))  # type: ignore[assignment]
        y: np.ndarray = np.maximum(self.z, 0).mean(axis=1)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dz = np.broadcast_to(dy[:, None], self.z.shape)
        dz = dz * (self.z > 0)
        length, dx = self.z.shape[1], np.zeros_like(self.x)
        self.dK = np.zeros_like(self.K)
        for k in range(3):
            self.dK[k] = np.einsum("nti,nto->io", self.x[:, k : k + length], dz)
            dx[:, k : k + length] += dz @ self.K[k].T
        return dx


def test_a_count_of_what_forward_makes_on_the_way() -> None:
    finding = only(MeanOfWindows(), np.random.default_rng(1).normal(size=(2, 9, 2)))
    assert finding.code == "mean-sum-mismatch"
    assert finding.verified
    assert set(finding.targets) == {"x", "K"}


class Bag:
    def __init__(self) -> None:
        self.E = np.random.default_rng(0).normal(size=(9, 3))

    def forward(self, ids: np.ndarray) -> np.ndarray:
        self.ids = ids
        y: np.ndarray = self.E[ids].sum(axis=1)
        return y

    def backward(self, dy: np.ndarray) -> None:
        self.dE = np.zeros_like(self.E)
        for position in range(self.ids.shape[1]):
            self.dE[self.ids[:, position]] += dy


class Columns:
    """The table has a column for each word."""

    def __init__(self) -> None:
        self.E = np.random.default_rng(0).normal(size=(3, 9))

    def forward(self, ids: np.ndarray) -> np.ndarray:
        self.ids = ids
        return np.tanh(self.E[:, ids])

    def backward(self, dy: np.ndarray) -> None:
        self.dE = np.zeros_like(self.E)
        self.dE[:, self.ids] += dy * (1 - np.tanh(self.E[:, self.ids]) ** 2)


@pytest.mark.parametrize("layer", [Bag, Columns])
def test_ids_that_repeat_where_the_index_has_slices(layer: type) -> None:
    finding = only(layer(), np.array([[1, 2, 3], [1, 4, 3], [5, 2, 3]]))
    assert (finding.code, finding.verified) == ("duplicate-index-lost", True)
    assert "np.add.at(" in finding.fix


class Unfolded:
    """tanh of all windows of 3, cut out by an array of indices."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        kernel = np.arange(3)
        self.x, self.places = x, np.arange(x.shape[1] - 2)[:, None] + kernel
        return np.tanh(x[:, self.places])

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx = np.zeros_like(self.x)
        dx[:, self.places] += dy * (1 - np.tanh(self.x[:, self.places]) ** 2)
        return dx


def test_windows_that_an_array_of_indices_cuts_out() -> None:
    finding = only(Unfolded(), np.random.default_rng(1).normal(size=(2, 6)))
    assert (finding.code, finding.verified) == ("overlap-overwritten", True)
    assert "np.add.at(" in finding.fix


class Pool:
    """Windows of 3 that overlap at stride 2, written as loops over their places."""

    def __init__(self, adds: bool) -> None:
        self.adds = adds

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        length = (x.shape[1] - 3) // 2 + 1
        return np.stack([x[:, 2 * i : 2 * i + 3].max(1) for i in range(length)], 1)

    def backward(self, g: np.ndarray) -> np.ndarray:
        dx, s = np.zeros_like(self.x), 2
        for b in range(g.shape[0]):
            for i in range(g.shape[1]):
                p = int(np.argmax(self.x[b, i * s : i * s + 3]))
                if self.adds:
                    dx[b, i * s + p] += g[b, i]
                else:
                    dx[b, i * s + p] = g[b, i]
        return dx


def test_places_of_windows_are_no_repeated_ids() -> None:
    x = np.random.default_rng(3).normal(size=(4, 9))
    x[:, 2] = 3  # the largest in two windows
    finding = only(Pool(adds=False), x)
    assert (finding.code, finding.verified) == ("overlap-overwritten", True)
    assert chainrule.check(Pool(adds=True), x).ok
