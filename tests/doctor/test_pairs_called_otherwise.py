"""Pairs whose backward takes the output, adds to a dict that it is handed, or returns a dataclass."""

from __future__ import annotations

from pathlib import Path

from whole_files import Checked

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
