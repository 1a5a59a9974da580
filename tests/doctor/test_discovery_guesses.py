"""Inputs that `chainrule check FILE` guesses: what the code says of them; no guess may accuse."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.doctor.discovery import discover


def file_with(folder: Path, text: str) -> Path:
    path = folder / "mine.py"
    path.write_text("import numpy as np\n" + dedent(text))
    return path


def checked(folder: Path, text: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", str(file_with(folder, text))])
    return result.exit_code, " ".join(result.stdout.split())


def shape_of(folder: Path, text: str) -> tuple[int, ...]:
    (found,) = list(discover(file_with(folder, text), ()))
    return np.shape(found.inputs[0])


MASKED = """
class SpatialDropout:
    def __init__(self):
        self.rng = np.random.default_rng(0)
    def forward(self, x):
        self.mask = (self.rng.random(x.shape[:2] + (1, 1)) < 0.7) / 0.7
        return x * self.mask
    def backward(self, d):
        return d * self.mask
"""
CONVOLVED = """
def causal_conv(x, w, b):
    return b + sum(np.roll(x, k, 0) @ w[k] for k in range(len(w))), (x, w)
def causal_conv_grad(dy, cache):
    x, w = cache
    dw = np.stack([np.tensordot(np.roll(x, k, 0), dy, axes=((0, 1), (0, 1))) for k in range(len(w))])
    return sum(np.roll(dy @ w[k].T, -k, 0) for k in range(len(w))), dw, dy.sum(axis=(0, 1))
"""


def test_a_mask_of_four_axes_wants_images(tmp_path: Path) -> None:
    assert len(shape_of(tmp_path, MASKED)) == 4


def test_what_a_bias_is_summed_over_tells_the_number_of_axes(tmp_path: Path) -> None:
    assert len(shape_of(tmp_path, CONVOLVED)) == 3


ONE_NUMBER = """
def contrast(energy, same):
    loss = np.where(same > 0, energy, np.maximum(1 - energy, 0)).mean()
    grad = np.where(same > 0, 1.0, -1.0 * (energy < 1.0)) / len(energy)
    return loss, grad
"""
ROWS = """
def cross_entropy(logits, classes):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = -np.mean(classes * np.log(p))
    grad = (p * classes.sum(axis=1, keepdims=True) - classes) / len(logits)
    return loss, grad
"""


def test_a_mean_over_numbers_is_a_mean_over_samples(tmp_path: Path) -> None:
    status, said = checked(tmp_path, ONE_NUMBER)
    assert status == 0
    assert "each sample has one number" in said
    status, said = checked(tmp_path, ROWS)  # its own axis=1 speaks of several
    assert status == 1
    assert "the loss averages over one count" in said


PENALTY = """
class Net:
    def __init__(self, n_in, n_out, reg=0.0):
        self.W, self.reg = np.random.default_rng(0).normal(size=(n_in, n_out)), reg
    def loss(self, X, y):
        error = X @ self.W - y
        loss = 0.5 * np.sum(error**2) + 0.5 * self.reg * np.sum(self.W * self.W)
        grads = {"W": X.T @ error + FACTOR * self.reg * self.W}
        return loss, grads
"""


@pytest.mark.parametrize(("factor", "status"), [("1", 0), ("2", 1)])
def test_a_penalty_of_0_would_hide_its_gradient(tmp_path: Path, factor: str, status: int) -> None:
    assert checked(tmp_path, PENALTY.replace("FACTOR", factor))[0] == status


TRAINS_AT_ONCE = """
W = np.zeros((3, 2))
def loss_fun(x, y):
    error = x @ W - y
    loss, dW = 0.5 * np.sum(error**2), x.T @ error
    return loss, dW
while True:
    W += np.random.randn(3, 2)
"""


def test_training_that_is_cut_short_leaves_no_trace(tmp_path: Path) -> None:
    discovered = discover(file_with(tmp_path, TRAINS_AT_ONCE), ())
    (found,) = list(discovered)
    assert not np.any(found.subject.params["W"])
