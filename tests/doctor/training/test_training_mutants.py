"""Faults made out of sound trainings, that nobody wrote for the checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from healthy import SETUPS, Setup

import chainrule
from chainrule.doctor.arrays_inside import places

MODELS = ["momentum", "adamw", "warm-up", "cosine", "float32 with clipping", "convolution", "orthogonal rnn"]


def arrays(setup: Setup) -> list[Any]:
    return [p for p in places(setup["subject"]) if isinstance(p.get(), np.ndarray) and p.get().ndim]


def larger(setup: Setup) -> None:
    for place in arrays(setup):
        if place.get().ndim > 1:
            place.set(20 * place.get())


def constant(setup: Setup) -> None:
    for place in arrays(setup):
        if place.get().ndim > 1:
            place.set(np.full_like(place.get(), 0.1))


def shuffled(setup: Setup) -> None:
    setup["target"] = np.random.default_rng(0).permutation(setup["target"])


def shifted(setup: Setup) -> None:
    setup["target"] = np.roll(setup["target"], 7, axis=0)


def leaking(setup: Setup) -> None:
    setup["evaluation"] = setup["x"][10:40].astype("float32"), setup["target"][10:40]


def broken(setup: Setup) -> None:
    setup["x"] = setup["x"].copy()
    setup["x"][5] = np.nan


def uphill(setup: Setup) -> None:
    if "learning_rate" in setup:
        setup["learning_rate"] *= -1
    else:
        setup["optimizer"].lr *= -1


FAULTS: dict[str, tuple[Callable[[Setup], None], tuple[str, ...]]] = {
    "larger": (larger, ("initial-loss-off", "gradient-explodes")),
    "constant": (constant, ("symmetric-units",)),
    "shuffled": (shuffled, ("labels-misaligned",)),
    "shifted": (shifted, ("labels-misaligned",)),
    "leaking": (leaking, ("evaluation-on-training-data",)),
    "broken": (broken, ("dtype-hazard",)),
    "uphill": (uphill, ("update-disagrees",)),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_named(fault: str, model: str) -> None:
    change, codes = FAULTS[fault]
    setup = SETUPS[model]()
    change(setup)
    report = chainrule.check_training(setup.pop("subject"), **setup)
    assert report.findings
    assert report.findings[0].code in codes
