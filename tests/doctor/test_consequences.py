"""One fault is said once: what undoing it heals is its consequence, and no cause of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.doctor.report import Finding


def found(subject: Any, *inputs: Any, **more: Any) -> list[Finding]:
    return list(chainrule.check(subject, *inputs, **more).findings)


class Residual:
    """x + relu(x @ W)"""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(4, 4))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        self.z = x @ self.W
        return x + np.maximum(self.z, 0)


class Aliased(Residual):
    def backward(self, dy: np.ndarray) -> np.ndarray:
        dz = dy
        dz[self.z < 0] = 0
        self.dW = self.x.T @ dz
        return dz @ self.W.T + dy


class Itself(Residual):
    def backward(self, dy: np.ndarray) -> np.ndarray:
        dy *= self.z > 0
        self.dW = self.x.T @ dy
        dx: np.ndarray = dy @ self.W.T
        dx += dy
        return dx


def gate(d: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.multiply(d, z > 0, out=d)


class ByHelper(Residual):
    def backward(self, dy: np.ndarray) -> np.ndarray:
        dz = gate(dy, self.z)
        self.dW = self.x.T @ dz
        return dy + dz @ self.W.T


class AlsoFlipped(Residual):
    def backward(self, dy: np.ndarray) -> np.ndarray:
        dz = dy
        dz[self.z < 0] = 0
        self.dW = -self.x.T @ dz
        return dz @ self.W.T + dy


@pytest.mark.parametrize("layer", [Aliased, Itself, ByHelper])
def test_what_a_write_into_the_upstream_spoils_is_said_with_it(layer: type) -> None:
    (finding,) = found(layer(), np.random.default_rng(1).normal(size=(3, 4)))
    assert finding.code == "mutates-upstream"
    assert finding.targets == ["upstream", "x"]
    assert "np.array(" in finding.fix


def test_a_second_fault_beside_it_is_said() -> None:
    first, second = found(AlsoFlipped(), np.random.default_rng(1).normal(size=(3, 4)))
    assert (first.code, first.targets) == ("mutates-upstream", ["upstream", "x"])
    assert (second.code, second.targets) == ("sign-flipped", ["W"])


class Shifts:
    """Keeps its input, and then writes into it."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(4, 3))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        y: np.ndarray = x @ self.W
        x += 1.0
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW = self.x.T @ dy
        dx: np.ndarray = dy @ self.W.T
        return dx


def test_what_forward_writes_into_what_it_keeps() -> None:
    (finding,) = found(Shifts(), np.random.default_rng(1).normal(size=(3, 4)))
    assert finding.code == "mutates-upstream"
    assert finding.targets == ["x", "W"]
    assert finding.fix == "- self.x = x\n+ self.x = np.array(x)"


class Gate:
    """x + tanh(x @ W) @ V"""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.W, self.V = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.h = x, np.tanh(x @ self.W)
        y: np.ndarray = x + self.h @ self.V
        return y


class Ignoring(Gate):
    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dV = self.h.T @ dy
        dz = 1 - self.h**2
        self.dW = self.x.T @ dz
        return dy + dz @ self.W.T


class IgnoringAndShifted(Gate):
    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dV = self.h.T @ dy
        dz = dy @ self.V.T * (1 - self.h**2)
        self.dW = self.x.T @ (1 - self.h**2)
        return dy + dz @ self.W.T + 0.1


def test_what_ignores_the_upstream_and_what_adds_it_up_with_something_that_does_not() -> None:
    (finding,) = found(Ignoring(), np.random.default_rng(1).normal(size=(5, 3)))
    assert finding.code == "ignores-upstream"
    assert set(finding.targets) == {"W", "x"}


def test_two_statements_are_two_faults() -> None:
    first, second = found(IgnoringAndShifted(), np.random.default_rng(1).normal(size=(5, 3)))
    assert (first.code, first.targets) == ("ignores-upstream", ["W"])
    assert (second.code, second.targets) == ("constant-offset", ["x"])


class AttentionPool:
    """Attention pooling: a softmax over the tokens, here over the samples."""

    def __init__(self) -> None:
        self.w = np.random.default_rng(0).normal(size=4)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, scores = x, x @ self.w
        e = np.exp(scores - scores.max())
        self.p = e / e.sum(axis=0, keepdims=True)
        return np.einsum("bt,btd->bd", self.p, x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dp = np.einsum("bd,btd->bt", dy, self.x)
        ds = self.p * (dp - (dp * self.p).sum(axis=0, keepdims=True))
        self.dw = np.einsum("bt,btd->d", ds, self.x)
        return self.p[:, :, None] * dy[:, None, :] + ds[:, :, None] * self.w


class AttentionAndMaximum(AttentionPool):
    def forward(self, x: np.ndarray) -> np.ndarray:
        return super().forward(x) + x.max(axis=(0, 1))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx = super().backward(dy)
        np.put_along_axis(
            flat := dx.reshape(-1, dx.shape[-1]),
            top := self.x.reshape(flat.shape).argmax(0)[None],
            np.take_along_axis(flat, top, 0) + dy.sum(0),
            0,
        )
        return dx


def test_samples_that_mix_only_by_a_softmax_over_them() -> None:
    (finding,) = found(AttentionPool(), np.random.default_rng(1).normal(size=(3, 6, 4)))
    assert finding.code == "softmax-axis-wrong"


def test_samples_that_mix_in_another_way_as_well() -> None:
    findings = found(AttentionAndMaximum(), np.random.default_rng(1).normal(size=(3, 6, 4)))
    assert [f.code for f in findings] == ["softmax-axis-wrong", "batch-leak"]
