"""A factor that carries the gradient from above is left out in a part of backward: that part is the same for
every g. It is told apart from a constant that is added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from protocol import normal

import chainrule

X, GATE = normal(3, 4), normal(3, 4, seed=1)


def line(report: Any) -> str:
    finding = report.findings[0]
    return Path(finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1].strip()


def blend(x: np.ndarray, gate: np.ndarray) -> tuple[np.ndarray, Any]:
    """y = s tanh(x) + (1 - s) x, with s = sigmoid(gate)"""
    s, t = 1 / (1 + np.exp(-gate)), np.tanh(x)
    return s * t + (1 - s) * x, (x, s, t)


def blend_back(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
    x, s, t = cache
    dt = dy * s
    dx = dt * (1 - t**2) + dy * (1 - s)
    return dx, dy * (t - x) * s * (1 - s)


def test_the_right_one_is_right() -> None:
    assert chainrule.check((blend, blend_back), X, GATE).ok


def test_one_of_two_ways_has_lost_its_factor() -> None:
    def back(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
        x, s, t = cache
        dt = s
        dx = dt * (1 - t**2) + dy * (1 - s)
        return dx, dy * (t - x) * s * (1 - s)

    report = chainrule.check((blend, back), X, GATE)
    assert [f.code for f in report.findings] == ["ignores-upstream"]
    finding = report.findings[0]
    assert finding.verified
    assert finding.targets == ["x"]
    assert line(report) == "dt = s"
    assert "dt = s * dy" in finding.fix


def test_two_factors_are_lost_at_once() -> None:
    def back(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
        x, s, t = cache
        dx = (1 - t**2) + dy * (1 - s)
        return dx, dy * (t - x) * s * (1 - s)

    report = chainrule.check((blend, back), X, GATE)
    assert [f.code for f in report.findings] == ["ignores-upstream"]
    assert line(report) == "dx = (1 - t**2) + dy * (1 - s)"


def test_in_a_function_that_backward_calls() -> None:
    report = chainrule.check((blend, back_by_parts), X, GATE)
    assert [f.code for f in report.findings] == ["ignores-upstream"]
    assert line(report) == "return s"


def back_by_parts(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
    x, s, t = cache
    dx = _through_gate(dy, s) * (1 - t**2) + dy * (1 - s)
    return dx, dy * (t - x) * s * (1 - s)


def _through_gate(dt: np.ndarray, s: np.ndarray) -> np.ndarray:
    return s


def test_what_is_lost_adds_up_to_nothing() -> None:
    """Values whose mean is 0 add up to 0: that gradient is no empty buffer."""

    def scaled(x: np.ndarray, gamma: np.ndarray) -> tuple[np.ndarray, Any]:
        centered = x - x.mean(0)
        return gamma * centered, (centered, gamma)

    def back(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
        centered, gamma = cache
        dcentered = dy * gamma
        return dcentered - dcentered.mean(0), centered.sum(0)

    report = chainrule.check((scaled, back), X, normal(4, seed=2))
    assert [f.code for f in report.findings] == ["ignores-upstream"]
    assert report.findings[0].targets == ["gamma"]


def test_a_constant_that_is_added_is_an_offset() -> None:
    def back(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
        dx, dgate = blend_back(dy, cache)
        return dx + 0.1 * cache[2], dgate

    report = chainrule.check((blend, back), X, GATE)
    assert [f.code for f in report.findings] == ["constant-offset"]


def test_an_offset_beside_another_fault_is_no_lost_path() -> None:
    """Without the offset the gradient is still wrong, but no factor puts it right."""

    def back(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
        dx, dgate = blend_back(dy, cache)
        return 0.5 - dx, dgate

    report = chainrule.check((blend, back), X, GATE)
    assert not report.ok
    assert "ignores-upstream" not in [f.code for f in report.findings]
