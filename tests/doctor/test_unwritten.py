"""np.empty that is not filled: nothing is carried over and nothing is drawn, it was never computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from protocol import normal

import chainrule

X, W = normal(2, 4, 3), normal(3, 5, seed=1)  # (batch, time, features), (features, outputs)


def forward(x: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, Any]:
    y = np.tanh(x @ W)
    return y, (x, W, y)


@pytest.mark.parametrize("filled", [4, 3, 0])
def test_steps_that_are_not_written(filled: int) -> None:
    def backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
        x, W, y = cache
        da = np.empty(y.shape)
        for t in range(filled):
            da[:, t] = dy[:, t] * (1 - y[:, t] ** 2)
        return da @ W.T, np.einsum("btf,bto->fo", x, da)

    report = chainrule.check((forward, backward), X, W)
    if filled == 4:
        assert report.ok
        return
    assert [f.code for f in report.findings] == ["gradient-never-computed"]
    finding = report.findings[0]
    assert finding.verified
    assert set(finding.targets) == {"x", "W"}
    assert "np.empty" in Path(finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1]


def test_numpy_is_as_before() -> None:
    assert np.empty.__module__ == "numpy"
    assert np.empty_like.__module__ == "numpy"
