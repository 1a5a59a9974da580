"""Functions and methods that return their value together with the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from whole_files import Checked

from chainrule import check

OPERATIONS = """
from functools import partial

def affine(x, w, b):
    def pullback(dy):
        db = dy.sum(axis=0)
        return {"x": dy @ w.T, "w": x.T @ dy, "b": db}
    return x @ w + b, pullback

def tanh(x):
    y = np.tanh(x)
    return y, lambda dy: dy * (1 - y**2)

def _norm_back(xhat, inv, gamma, g):
    dh = g * gamma
    dx = inv * (dh - dh.mean(-1, keepdims=True) - xhat * (dh * xhat).mean(-1, keepdims=True))
    return dx, (g * xhat).sum(0), g.sum(0)

def norm(x, gamma, beta):
    inv = 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    xhat = (x - x.mean(-1, keepdims=True)) * inv
    return gamma * xhat + beta, partial(_norm_back, xhat, inv, gamma)

def cell(x, h, c, W, U):
    z = x @ W + h @ U
    c2 = c * 0.5 + np.tanh(z)
    h2 = np.tanh(c2)
    def back(dh, dc):
        dc = dc + dh * (1 - h2**2)
        dz = dc * (1 - np.tanh(z) ** 2)
        return dz @ W.T, dz @ U.T, 0.5 * dc, x.T @ dz, h.T @ dz
    return (h2, c2), back

def network(x, p):
    a, back1 = affine(x, p["w1"], p["b1"])
    h, back2 = tanh(a)
    y, back3 = affine(h, p["w2"], p["b2"])
    def back(dy):
        above = back3(dy)
        below = back1(back2(above["x"]))
        return below["x"], {"w1": below["w"], "b1": below["b"], "w2": above["w"], "b2": above["b"]}
    return y, back

def squared_error(y, t):
    d = y - t
    return 0.5 * (d * d).sum() / len(y), lambda: d / len(y)

def make_pair(power=3):
    def forward(x):
        return x**power, x
    def backward(dy, x):
        return dy * power * x ** (power - 1)
    return forward, backward

def make_data(n):
    x = np.random.default_rng(0).normal(size=(n, 3))
    return x, lambda i: x[i]
"""

LAYER = """
class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.default_rng(0).normal(size=(n_in, n_out)), np.zeros(n_out)
    def __call__(self, x):
        def backprop(dy):
            return dy @ self.W.T, {"W": x.T @ dy, "b": dy.sum(0)}
        return x @ self.W + self.b, backprop
"""


def test_every_function_with_a_way_back_is_checked(tmp_path: Path) -> None:
    said = Checked(tmp_path, OPERATIONS)
    assert said.findings == {}
    assert said.not_started == {}
    assert said.tested["affine"] == ["x", "w", "b"]
    assert said.tested["norm"] == ["x", "gamma", "beta"]
    assert said.tested["cell"] == ["x", "h", "c", "W", "U"]
    assert said.tested["network"] == ["x", "p.w1", "p.b1", "p.w2", "p.b2"]
    assert said.tested["squared_error"] == ["y"]
    assert not {"make_data", "make_pair"} & set(said.tested)


def test_the_fault_of_a_function_is_pointed_at_inside_of_those_that_call_it(tmp_path: Path) -> None:
    line = "db = dy.sum(axis=0)"
    said = Checked(tmp_path, OPERATIONS.replace(line, "db = dy.mean(axis=0)"))
    assert set(said.findings) == {"affine", "network"}
    assert (
        said.findings["affine"]
        == said.findings["network"]
        == [("broadcast-not-summed", "db = dy.mean(axis=0)")]
    )


def test_what_is_wired_wrong_is_the_callers_own_fault(tmp_path: Path) -> None:
    right = 'below = back1(back2(above["x"]))'
    said = Checked(tmp_path, OPERATIONS.replace(right, 'below = back1(above["x"])'))
    assert list(said.findings) == ["network"]
    assert {target for targets in said.targets["network"] for target in targets} == {"x", "p.w1", "p.b1"}


def test_a_method_that_returns_its_way_back(tmp_path: Path) -> None:
    assert Checked(tmp_path, LAYER).tested == {"Dense": ["x", "W", "b"]}
    wrong = Checked(tmp_path, LAYER.replace('"b": dy.sum(0)', '"b": dy.mean(0)'))
    assert wrong.targets == {"Dense": [["b"]]}


def attention(q: Any, k: Any, v: Any) -> Any:
    scale = q.shape[-1] ** -0.5
    e = np.exp(q @ k.swapaxes(1, 2) * scale)
    p = e / e.sum(-1, keepdims=True)

    def vjp(g: Any) -> Any:
        dp = g @ v.swapaxes(1, 2)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True)) * scale
        return ds @ k, ds.swapaxes(1, 2) @ q, p.swapaxes(1, 2) @ g

    return p @ v, vjp


def unscaled(q: Any, k: Any, v: Any) -> Any:
    scale = q.shape[-1] ** -0.5
    e = np.exp(q @ k.swapaxes(1, 2) * scale)
    p = e / e.sum(-1, keepdims=True)

    def vjp(g: Any) -> Any:
        dp = g @ v.swapaxes(1, 2)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True))
        return ds @ k, ds.swapaxes(1, 2) @ q, p.swapaxes(1, 2) @ g

    return p @ v, vjp


def test_it_is_handed_to_check_as_it_is() -> None:
    rng = np.random.default_rng(1)
    inputs = [rng.normal(size=shape) for shape in ((2, 4, 9), (2, 5, 9), (2, 5, 3))]
    right = check(attention, *inputs)
    assert right.ok, right
    assert right.tested == ["q", "k", "v"]
    assert [f.code for f in check(unscaled, *inputs).findings] == ["attention-scale-missing"]


class Returning:
    def __init__(self) -> None:
        self.W, self.b = np.random.default_rng(0).normal(size=(4, 3)), np.zeros(3)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: Any) -> Any:
        dx, dW, db = dy @ self.W.T, self.x.T @ dy, dy.sum(0)
        return dx, dW, db


def test_gradients_of_an_objects_arrays_may_be_returned_without_being_kept() -> None:
    report = check(Returning(), np.random.default_rng(2).normal(size=(5, 4)))
    assert report.ok
    assert report.tested == ["x", "W", "b"]
