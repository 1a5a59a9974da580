"""What the doctor puts back before each of its runs, and after them."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from protocol import normal

import chainrule
from chainrule.doctor.global_random import GlobalRandomState


@pytest.mark.parametrize("drawn_before", [0, 1], ids=["", "a second normal number is kept"])
def test_the_global_generator_is_put_back(drawn_before: int) -> None:
    np.random.seed(3)  # noqa: NPY002
    np.random.normal(size=drawn_before)  # noqa: NPY002
    state = GlobalRandomState()
    for _ in range(2):
        state.put_back()
        first = np.random.normal(size=3)  # noqa: NPY002
        state.put_back()
        np.testing.assert_array_equal(np.random.normal(size=3), first)  # noqa: NPY002
    state.put_back()
    after = np.random.normal(), np.random.random(700).sum()  # noqa: NPY002
    state.put_back()
    assert (np.random.normal(), np.random.random(700).sum()) == after  # noqa: NPY002


CHANCE = """
import numpy as np
class Chance:
    def __init__(self):
        self.draws = 0
    def mask(self, shape, p):
        self.draws += 1
        return (np.random.default_rng(self.draws).random(shape) >= p) / (1 - p)
chance = Chance()
def mask_of(x, p):
    return chance.mask(x.shape, p)
"""
LAYER = """
from their_chance import mask_of
class Dropout:
    def forward(self, x):
        self.mask = mask_of(x, 0.4)
        return x * self.mask
    def backward(self, dy):
        return dy * self.mask
"""


def test_a_generator_in_another_file_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_chance.py").write_text(CHANCE)
    (tmp_path / "their_dropout.py").write_text(LAYER)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("their_dropout")
    report = chainrule.check(module.Dropout(), normal(4, 5))
    assert report.ok, report
