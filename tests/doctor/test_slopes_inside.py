"""The derivative of a gate, inside of a layer: wrong in one way of many, and named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from protocol import normal

import chainrule

X, H = normal(3, 4), normal(3, 5, seed=1)
W, U = normal(4, 10, seed=2), normal(5, 10, seed=3)


def line(report: Any) -> str:
    finding = report.findings[0]
    return Path(finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1].strip()


def cell(x: np.ndarray, h: np.ndarray, W: np.ndarray, U: np.ndarray) -> tuple[np.ndarray, Any]:
    """A minimal gated unit: h' = (1 - z) h + z softsign(a_n)"""
    a = x @ W + h @ U
    z = 1 / (1 + np.exp(-a[:, :5]))
    a_n = a[:, 5:]
    n = a_n / (1 + np.abs(a_n))
    return (1 - z) * h + z * n, (x, h, W, U, a_n, z, n)


def finish(da: np.ndarray, straight: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
    x, h, W, U = cache[:4]
    return da @ W.T, straight + da @ U.T, x.T @ da, h.T @ da


def right(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
    _, h, _, _, a_n, z, n = cache
    dz, dn = dy * (n - h), dy * z
    da_n = dn / (1 + np.abs(a_n)) ** 2
    da_z = dz * z * (1 - z)
    return finish(np.concatenate([da_z, da_n], 1), dy * (1 - z), cache)


def sigmoid_off(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
    _, h, _, _, a_n, z, n = cache
    dz, dn = dy * (n - h), dy * z
    da_n = dn / (1 + np.abs(a_n)) ** 2
    da_z = dz * z * (2 - z)
    return finish(np.concatenate([da_z, da_n], 1), dy * (1 - z), cache)


def softsign_off(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
    _, h, _, _, a_n, z, n = cache
    dz, dn = dy * (n - h), dy * z
    da_n = dn / (1 + np.abs(a_n)) ** 3
    da_z = dz * z * (1 - z)
    return finish(np.concatenate([da_z, da_n], 1), dy * (1 - z), cache)


def softsign_missing(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
    _, h, _, _, _, z, n = cache
    dz, dn = dy * (n - h), dy * z
    da_n = dn + 0.0
    da_z = dz * z * (1 - z)
    return finish(np.concatenate([da_z, da_n], 1), dy * (1 - z), cache)


def behind_a_product(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
    _, h, _, _, a_n, z, n = cache
    da_n = dy * z / (1 + np.abs(a_n)) ** 2
    da_z = dy * (n - h)
    return finish(np.concatenate([da_z, da_n], 1), dy * (1 - z), cache)


def test_the_right_one_is_right() -> None:
    assert chainrule.check((cell, right), X, H, W, U).ok


@pytest.mark.parametrize(
    ("backward", "code", "statement"),
    [
        (sigmoid_off, "activation-derivative-misplaced", "da_z = dz * z * (2 - z)"),
        (softsign_off, "activation-derivative-misplaced", "da_n = dn / (1 + np.abs(a_n)) ** 3"),
        (softsign_missing, "activation-derivative-missing", "da_n = dn + 0.0"),
        (behind_a_product, "activation-derivative-missing", "da_z = dy * (n - h)"),
    ],
)
def test_a_gate_is_named(backward: Any, code: str, statement: str) -> None:
    report = chainrule.check((cell, backward), X, H, W, U)
    assert [f.code for f in report.findings] == [code]
    assert report.findings[0].verified
    assert set(report.findings[0].targets) == {"x", "h", "W", "U"}
    assert line(report) == statement


def leaky(x: np.ndarray, scale: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, Any]:
    """y = (scale * tanh(z) + z) W, of which two ways go through z"""
    z = x * 1.5
    t = np.tanh(z)
    return (scale * t + z) @ W, (x, scale, W, z, t)


SCALE, V = normal(4, seed=4), normal(4, 2, seed=5)


@pytest.mark.parametrize("lost", ["scale", "way", "nothing"])
def test_another_factor_or_a_branch_is_no_derivative(lost: str) -> None:
    def back(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
        _, scale, W, z, t = cache
        dmix = dy @ W.T
        dt = dmix if lost == "scale" else dmix * scale
        dz = dt * (1 - t**2) + (0 if lost == "way" else dmix)
        return dz * 1.5, (dmix * t).sum(0), (scale * t + z).T @ dy

    report = chainrule.check((leaky, back), X, SCALE, V)
    assert report.ok == (lost == "nothing")
    assert "activation-derivative-misplaced" not in [f.code for f in report.findings if f.verified]


def test_a_wrong_factor_in_front_of_a_right_derivative_is_no_derivative() -> None:
    """h' = (1 - z) h + z n: the weight z of the mixture is wrong, and what stands behind it is right."""

    def back(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
        _, h, _, _, a_n, z, n = cache
        dz, dn = dy * (n - h), dy * (z + 0.5)
        da_n = dn / (1 + np.abs(a_n)) ** 2
        da_z = dz * z * (1 - z)
        return finish(np.concatenate([da_z, da_n], 1), dy * (1 - z), cache)

    report = chainrule.check((cell, back), X, H, W, U)
    assert not report.ok
    assert "activation-derivative-misplaced" not in [f.code for f in report.findings if f.verified]
