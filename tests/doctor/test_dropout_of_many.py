"""Dropout over thousands of numbers: masks that are alike by chance are no channels that fall together."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule
from chainrule.doctor.smaller import settle


class Drop:
    """Inverted dropout whose share is not told by its name."""

    def __init__(self) -> None:
        self.training, self.share = True, 0.9
        self.rng = np.random.default_rng(0)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.kept = self.rng.random(x.shape) < self.share if self.training else np.full(x.shape, self.share)
        return x * self.kept / self.share

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy * self.kept / self.share


@pytest.mark.parametrize("seed", range(3))
def test_no_false_alarm_where_the_size_stays(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "is_large", lambda face: False)
    x = np.random.default_rng(seed).normal(size=(80, 64))
    report = chainrule.check(Drop(), x, seed=seed)
    assert report.ok, report
