"""Functions that share a context, functions that return a loss with gradients whatever their names are, and
failures that a guess has brought about.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
from findings import only, text
from typer.testing import CliRunner

import chainrule
from chainrule.cli import app

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4))


class Product:
    @staticmethod
    def forward(ctx: Any, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx: Any, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, w = ctx.saved_tensors
        return grad @ w.T, x.T @ grad


class Swapped(Product):
    @staticmethod
    def backward(ctx: Any, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, w = ctx.saved_tensors
        return -grad @ w.T, x.T @ grad


class Dropout:
    @staticmethod
    def forward(ctx: Any, x: np.ndarray, p: float, rng: np.random.Generator) -> np.ndarray:
        ctx.mask, ctx.rng, ctx.p = (rng.random(x.shape) >= p) / (1 - p), rng, p
        return x * ctx.mask

    @staticmethod
    def backward(ctx: Any, grad: np.ndarray) -> np.ndarray:
        return grad * ctx.mask


class DrawsAgain(Dropout):
    @staticmethod
    def backward(ctx: Any, grad: np.ndarray) -> np.ndarray:
        return grad * (ctx.rng.random(grad.shape) >= ctx.p) / (1 - ctx.p)


def test_a_context_is_the_cache_of_two_functions() -> None:
    report = chainrule.check(Product, X, RNG.normal(size=(4, 3)))
    assert report.ok, report
    assert report.tested == ["x", "w"]
    found = only(Swapped, X, RNG.normal(size=(4, 3)))
    assert (found.code, found.targets) == ("sign-flipped", ["x"])


def test_a_generator_among_the_inputs_draws_the_same_each_time() -> None:
    assert chainrule.check(Dropout, X, 0.4, np.random.default_rng(1)).ok
    assert only(DrawsAgain, X, 0.4, np.random.default_rng(1)).code == "mask-redrawn"


def relu_backward(dout: np.ndarray, mask: np.ndarray) -> np.ndarray:
    dz = dout
    dz[~mask] = 0
    return dz


class Block:
    def __init__(self) -> None:
        self.W = RNG.normal(size=(4, 4))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, z = x, x @ self.W
        self.mask = z > 0
        return x + np.maximum(z, 0)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dout = dy.copy()
        dz = relu_backward(dout, self.mask)
        self.dW = self.x.T @ dz
        return dout + dz @ self.W.T


def test_a_helper_that_changes_what_it_is_handed() -> None:
    found = only(Block(), X)
    assert (found.code, found.targets) == ("mutates-upstream", ["x"])
    assert text(found) == "dz[~mask] = 0"


def objective(theta: dict[str, Any], x: np.ndarray) -> tuple[float, dict[str, Any]]:
    h = np.tanh(x @ theta["in"]["kernel"] + theta["in"]["bias"])
    e = h @ theta["out"]
    dh = e @ theta["out"].T * (1 - h * h)
    tree = {"in": {"kernel": x.T @ dh, "bias": dh.sum(0)}, "out": h.T @ e}
    return float(0.5 * np.sum(e * e)), tree


def halved(theta: dict[str, Any], x: np.ndarray) -> tuple[float, dict[str, Any]]:
    value, tree = objective(theta, x)
    tree["in"]["bias"] = 0.5 * tree["in"]["bias"]
    return value, tree


def test_one_run_tells_what_a_function_returns() -> None:
    theta = {
        "in": {"kernel": RNG.normal(size=(4, 3)), "bias": RNG.normal(size=3)},
        "out": RNG.normal(size=(3, 2)),
    }
    report = chainrule.check(objective, theta, X)
    assert report.ok, report
    assert report.tested == ["theta.in.kernel", "theta.in.bias", "theta.out"]
    assert only(halved, theta, X).targets == ["theta.in.bias"]


GUESSED = """
    import numpy as np

    class Widen:
        def __init__(self, times):
            self.times = times
        def forward(self, x):
            return np.concatenate([x for _ in range(max(int(self.times), 1))], axis=1)
        def backward(self, dy):
            parts = dy.reshape(len(dy), PARTS, -1)
            return parts.sum(axis=1)
"""


def test_what_fails_because_of_a_guess_is_no_finding(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    for parts, status, said in (
        ("self.times", 0, "no fault found"),
        ("self.times.count", 2, "with what was guessed it fails"),
        ("self.tims", 1, "has no attribute 'tims'"),
    ):
        file.write_text(dedent(GUESSED.replace("PARTS", parts)))
        result = CliRunner().invoke(app, ["check", str(file)])
        assert (result.exit_code, said in " ".join(result.stdout.split())) == (status, True), result.stdout
