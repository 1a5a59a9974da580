"""Slips in a loop over time: `=` for `+=` where the state before is 0, a carry that nobody adds, gates joined
in another order. Each is named, and the line is the one to be changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from protocol import normal

import chainrule

X = normal(2, 5, 3)  # (batch, time, features)


def line(report: Any) -> str:
    finding = report.findings[0]
    return Path(finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1].strip()


class Direction:
    """One way through a sequence; no layer, its methods have names of their own."""

    def __init__(self, seed: int) -> None:
        self.Wx, self.Wh = normal(3, 4, seed=seed), normal(4, 4, seed=seed + 1)

    def run(self, x: np.ndarray) -> np.ndarray:
        self.x, self.h = x, np.zeros((len(x), x.shape[1] + 1, 4))
        for t in range(x.shape[1]):
            self.h[:, t + 1] = np.tanh(x[:, t] @ self.Wx + self.h[:, t] @ self.Wh)
        return self.h[:, 1:]

    def back(self, dy: np.ndarray) -> np.ndarray:
        self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        dx, carry = np.zeros_like(self.x), 0.0
        for t in reversed(range(dy.shape[1])):
            da = (dy[:, t] + carry) * (1 - self.h[:, t + 1] ** 2)
            self.dWx += self.x[:, t].T @ da
            self.dWh = self.h[:, t].T @ da
            dx[:, t] = da @ self.Wx.T
            carry = da @ self.Wh.T
        return dx


class BothWays:
    def __init__(self) -> None:
        self.there, self.back_again = Direction(1), Direction(5)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return np.concatenate([self.there.run(x), self.back_again.run(x[:, ::-1])[:, ::-1]], -1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx = self.there.back(dy[..., :4])
        return dx + self.back_again.back(dy[:, ::-1, 4:])[:, ::-1]


class Keyed:
    """Gradients under keys, and a method for one step."""

    def __init__(self) -> None:
        self.p = {"Wx": normal(3, 4), "Wh": normal(4, 4)}
        self.g: dict[str, np.ndarray] = {}

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.h = x, [np.zeros((len(x), 4))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.p["Wx"] + self.h[t] @ self.p["Wh"]))
        return np.stack(self.h[1:], 1)

    def step(self, t: int, dh: np.ndarray) -> np.ndarray:
        da = dh * (1 - self.h[t + 1] ** 2)
        self.g["Wx"] += self.x[:, t].T @ da
        self.g["Wh"] = self.h[t].T @ da
        return da

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.g = {name: np.zeros_like(w) for name, w in self.p.items()}
        dx, dh_next = np.zeros_like(self.x), 0.0
        for t in reversed(range(dy.shape[1])):
            da = self.step(t, dy[:, t] + dh_next)
            dx[:, t] = da @ self.p["Wx"].T
            dh_next = da @ self.p["Wh"].T
        return dx


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [(BothWays(), "self.dWh = self.h[:, t].T @ da"), (Keyed(), 'self.g["Wh"] = self.h[t].T @ da')],
    ids=["a helper's method", "a key"],
)
def test_what_the_last_step_overwrites_with_0_was_computed(layer: Any, wrong: str) -> None:
    report = chainrule.check(layer, X)
    assert [f.code for f in report.findings] == ["last-step-only"], report
    assert report.findings[0].verified
    assert line(report) == wrong


class Idle(Keyed):
    def step(self, t: int, dh: np.ndarray) -> np.ndarray:
        da: np.ndarray = dh * (1 - self.h[t + 1] ** 2)
        self.g["Wx"] += self.x[:, t].T @ da
        return da


def test_what_is_never_computed_is_still_called_so() -> None:
    report = chainrule.check(Idle(), X)
    assert [f.code for f in report.findings] == ["gradient-never-computed"], report


class Gated:
    """c = f c + i g, h = o tanh(c), with the gates' weights in one matrix; the biases are never 0."""

    def __init__(self) -> None:
        self.W, self.U, self.b = normal(3, 16), normal(4, 16, seed=1), normal(16, seed=2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        h = c = np.zeros((len(x), 4))
        self.tape, hs = [], []
        for t in range(x.shape[1]):
            a = x[:, t] @ self.W + h @ self.U + self.b
            i, f, o = (1 / (1 + np.exp(-a[:, 4 * k : 4 * k + 4])) for k in range(3))
            g = np.tanh(a[:, 12:])
            c_new = f * c + i * g
            self.tape.append((x[:, t], h, c, i, f, o, g, np.tanh(c_new)))
            c = c_new
            h = o * np.tanh(c)
            hs.append(h)
        return np.stack(hs, 1)


class DropsTheCell(Gated):
    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW, self.dU, self.db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)
        dh_n = dc_n = np.zeros_like(dy[:, 0])
        dxs = []
        for t in reversed(range(dy.shape[1])):
            x, h, c, i, f, o, g, tc = self.tape[t]
            dh = dy[:, t] + dh_n
            dc = dh * o * (1 - tc**2)
            di, df, do, dg = (
                dc * g * i * (1 - i),
                dc * c * f * (1 - f),
                dh * tc * o * (1 - o),
                dc * i * (1 - g**2),
            )
            da = np.hstack([di, df, do, dg])
            self.dW += x.T @ da
            self.dU += h.T @ da
            self.db += da.sum(0)
            dxs.append(da @ self.W.T)
            dh_n = da @ self.U.T
            dc_n = dc * f  # noqa: F841
        return np.stack(dxs[::-1], 1)


class JoinsGatesOtherwise(Gated):
    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW, self.dU, self.db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)
        dh_n = dc_n = np.zeros_like(dy[:, 0])
        dxs = []
        for t in reversed(range(dy.shape[1])):
            x, h, c, i, f, o, g, tc = self.tape[t]
            dh = dy[:, t] + dh_n
            dc = dc_n + dh * o * (1 - tc**2)
            di, df, do, dg = (
                dc * g * i * (1 - i),
                dc * c * f * (1 - f),
                dh * tc * o * (1 - o),
                dc * i * (1 - g**2),
            )
            da = np.hstack([di, df, dg, do])
            self.dW += x.T @ da
            self.dU += h.T @ da
            self.db += da.sum(0)
            dxs.append(da @ self.W.T)
            dh_n = da @ self.U.T
            dc_n = dc * f
        return np.stack(dxs[::-1], 1)


@pytest.mark.parametrize(
    ("layer", "code", "wrong"),
    [
        (DropsTheCell(), "cell-gradient-dropped", "dc = dh * o * (1 - tc**2)"),
        (JoinsGatesOtherwise(), "gate-order-permuted", "da = np.hstack([di, df, dg, do])"),
    ],
    ids=lambda v: v if isinstance(v, str) else type(v).__name__,
)
def test_the_line_is_the_one_to_be_changed(layer: Any, code: str, wrong: str) -> None:
    report = chainrule.check(layer, X)
    assert report.findings[0].code == code, report
    assert line(report) == wrong
    assert report.findings[0].fix.startswith("- ")


class BiasFirst:
    """The first step's state is 0, so that gh is the bias: no layer's own weights for all that."""

    def __init__(self) -> None:
        self.W, self.U, self.b, self.c = normal(3, 8), normal(4, 8), normal(8), normal(8, seed=3)

    def forward(self, x: np.ndarray) -> np.ndarray:
        h, self.tape, hs = np.zeros((len(x), 4)), [], []
        for t in range(x.shape[1]):
            gx, gh = x[:, t] @ self.W + self.b, h @ self.U + self.c
            z = 1 / (1 + np.exp(-gx[:, :4] - gh[:, :4]))
            n = np.tanh(gx[:, 4:] + gh[:, 4:])
            self.tape.append((x[:, t], h, z, n))
            h = (1 - z) * n + z * h
            hs.append(h)
        return np.stack(hs, 1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dW, self.dU, self.db, self.dc = (np.zeros_like(p) for p in (self.W, self.U, self.b, self.c))
        dxs, dh_next = [], 0
        for t in reversed(range(dy.shape[1])):
            x, h, z, n = self.tape[t]
            dh = dy[:, t]
            da = np.hstack([dh * (h - n) * z * (1 - z), dh * (1 - z) * (1 - n**2)])
            self.dW += x.T @ da
            self.dU += h.T @ da
            self.db += da.sum(0)
            self.dc += da.sum(0)
            dxs.append(da @ self.W.T)
            dh_next = dh * z + da @ self.U.T  # noqa: F841
        return np.stack(dxs[::-1], 1)


def test_a_loop_over_time_is_no_stack_of_layers() -> None:
    report = chainrule.check(BiasFirst(), X)
    assert report.findings[0].code == "hidden-gradient-dropped", report
    assert line(report) == "dh = dy[:, t]"
