"""Gradients in dicts that backward is handed, in dataclasses; a forward that keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
from findings import only
from typer.testing import CliRunner

import chainrule
from chainrule.cli import app

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4))
WEIGHTS = {"W": RNG.normal(size=(4, 3)), "b": RNG.normal(size=3)}


def dense(p: dict[str, np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x @ p["W"] + p["b"], x


def dense_back(p: dict[str, Any], g: dict[str, Any], dy: np.ndarray, cache: np.ndarray) -> np.ndarray:
    g["W"] += cache.T @ dy
    g["b"] += dy.sum(0)
    return dy @ p["W"].T


def halved(p: dict[str, Any], g: dict[str, Any], dy: np.ndarray, cache: np.ndarray) -> np.ndarray:
    g["W"] += cache.T @ dy
    g["b"] += 0.5 * dy.sum(0)
    return dy @ p["W"].T


def test_a_dict_to_add_gradients_to() -> None:
    report = chainrule.check((dense, dense_back), WEIGHTS, X)
    assert report.ok, report
    assert report.tested == ["p.W", "p.b", "x"], report
    assert only((dense, halved), WEIGHTS, X).targets == ["p.b"]


@dataclass(frozen=True)
class Gradients:
    x: np.ndarray
    w: np.ndarray


def product(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, Any]:
    return x @ w, (x, w)


def product_grad(dy: np.ndarray, cache: Any) -> Gradients:
    x, w = cache
    return Gradients(w=x.T @ dy, x=dy @ w.T)


def test_a_dataclass_of_gradients_is_read_by_name() -> None:
    report = chainrule.check((product, product_grad), X, WEIGHTS["W"])
    assert report.ok, report
    assert report.tested == ["x", "w"], report


SOFTMAX = """
    import numpy as np
    def softmax(x, axis=-1):
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)
    def softmax_grad(p, g, axis=-1):
        return p * (g - (p * g).sum(axis=axis, keepdims=True))
    def cube(x):
        return x**3
    def cube_grad(z, g):
        return 3 * z**2 * g
"""


def test_a_backward_at_the_output_or_at_the_input(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(dedent(SOFTMAX))
    result = CliRunner().invoke(app, ["check", str(file)])
    assert result.exit_code == 0, result.stdout
    assert "2 checked: 2 right" in result.stdout, result.stdout
    assert "taken at the input" in result.stdout
    file.write_text(dedent(SOFTMAX.replace("(g - (p * g).sum(axis=axis, keepdims=True))", "g * (1 - p)")))
    result = CliRunner().invoke(app, ["check", str(file), "softmax"])
    assert result.exit_code == 1, result.stdout
    assert "diagonal" in result.stdout, result.stdout
