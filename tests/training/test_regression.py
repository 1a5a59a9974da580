"""The loop for targets that are numbers and no classes: there is a loss, but no share of right answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.data import ArrayBatches
from chainrule.layers import Linear, MSELoss, manual_seed
from chainrule.training import SGD, Run, evaluate, fit, load

WEIGHT = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]], np.float32)


def line(count: int, seed: int) -> ArrayBatches:
    """y = x Wᵀ exactly, from three numbers to two."""
    x = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    return ArrayBatches(x, x @ WEIGHT.T, batch_size=5, seed=seed)


def test_a_line_is_found_and_nothing_speaks_of_accuracy(tmp_path: Path) -> None:
    manual_seed(0)
    model = Linear(3, 2)
    run = Run.create(tmp_path / "line", {})
    history = fit(
        model, MSELoss(), SGD(model.parameters(), lr=0.1), line(32, 0), line(7, 1), epochs=60, run=run
    )
    np.testing.assert_allclose(model.weight.data, WEIGHT, atol=1e-3)
    assert not any("accuracy" in name for name in history[-1])
    assert np.isnan(evaluate(model, MSELoss(), line(7, 1)).accuracy)
    # the best weights are then those with the smallest validation loss
    np.testing.assert_allclose(load(run.best)["weight"], WEIGHT, atol=1e-3)


def test_resuming_needs_a_run() -> None:
    model = Linear(3, 2)
    with pytest.raises(ValueError, match="resume=True needs run="):
        fit(model, MSELoss(), SGD(model.parameters()), line(8, 0), epochs=1, resume=True)
