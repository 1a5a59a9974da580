"""Pairs whose backward takes the output, adds to a dict that it is handed, returns a dataclass, or has
an order of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from whole_files import Checked

import chainrule

SOFTMAX = """
def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)

def softmax_grad(p, g, axis=-1):
    return p * (g - (p * g).sum(axis=axis, keepdims=True))
"""

CELL = """
def cell(p, x, h):
    new = np.tanh(p["W"] @ x + p["U"] @ h + p["b"])
    return new, (x, h, new)

def cell_back(p, grads, dh, cache):
    x, h, new = cache
    dz = dh * (1 - new**2)
    grads["W"] += dz @ x.T
    grads["U"] += dz @ h.T
    grads["b"] += dz.sum(axis=1, keepdims=True)
    return p["W"].T @ dz, p["U"].T @ dz
"""

SCALE = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Gradients:
    x: np.ndarray
    w: np.ndarray

def scale(x, w):
    return x @ w, (x, w)

def scale_grad(dy, cache):
    x, w = cache
    return Gradients(dy @ w.T, x.T @ dy)
"""


def test_a_backward_that_takes_the_output(tmp_path: Path) -> None:
    assert Checked(tmp_path, SOFTMAX).tested == {"softmax": ["x"]}
    wrong = Checked(
        tmp_path, SOFTMAX.replace("p * (g - (p * g).sum(axis=axis, keepdims=True))", "p * (1 - p) * g")
    )
    assert [code for code, _ in wrong.findings["softmax"]] == ["softmax-diagonal-only"]


def test_a_backward_that_adds_to_a_dict_which_it_is_handed(tmp_path: Path) -> None:
    assert Checked(tmp_path, CELL).tested == {"cell": ["p.W", "p.U", "p.b", "x", "h"]}
    wrong = Checked(tmp_path, CELL.replace('grads["U"] += dz @ h.T', 'grads["U"] += dz @ new.T'))
    assert wrong.targets == {"cell": [["p.U"]]}


def test_a_backward_that_returns_a_dataclass(tmp_path: Path) -> None:
    assert Checked(tmp_path, SCALE).tested == {"scale": ["x", "w"]}
    wrong = Checked(tmp_path, SCALE.replace("x.T @ dy", "-x.T @ dy"))
    assert [code for code, _ in wrong.findings["scale"]] == ["sign-flipped"]


def gated(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    a_next, zt = np.tanh(x @ w), x @ w + x.sum(1, keepdims=True)
    return a_next, zt, (x, w, a_next)


def gated_backward(dzt: np.ndarray, da_from_next: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
    """In another order than forward returns them."""
    x, w, a_next = cache
    d = dzt + da_from_next * (1 - a_next**2)
    return d @ w.T + dzt.sum(1, keepdims=True), x.T @ d


def test_gradients_of_several_outputs_are_handed_over_by_name() -> None:
    rng = np.random.default_rng(0)
    report = chainrule.check((gated, gated_backward), rng.normal(size=(5, 3)), rng.normal(size=(3, 4)))
    assert report.ok
    assert report.tested == ["x", "w"]
