"""The watch on a run: what it sees, what it costs, and what it leaves alone."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from healthy import Stepping, blobs

import chainrule
from chainrule.doctor.report import Report
from chainrule.doctor.training.sampling import Sampler


def run(model: Any, rate: float, steps: int = 40, classes: int = 4, **options: Any) -> Report:
    x, y = blobs(160, 10, classes, 50)
    watch = chainrule.TrainingWatch(model, every=1, **options)
    for t in range(steps):
        part = slice(40 * (t % 4), 40 * (t % 4) + 40)
        loss = model.train_step(x[part], y[part], rate)
        watch.step(loss=loss, prediction=model.a[-1], target=y[part])
    return watch.report()


def test_a_sound_run_is_silent() -> None:
    report = run(Stepping((10, 24, 4), 50), 0.1)
    assert report.ok
    assert report.tested == ["20 of 40 steps"]


@pytest.mark.parametrize(
    ("code", "rate", "change"),
    [
        ("update-ratio-off", 1e-8, lambda model: None),
        ("initial-loss-off", 0.01, lambda model: [w.__imul__(20) for w in model.W]),
        ("dtype-hazard", 0.1, lambda model: model.W[0].__setitem__((0, 0), np.nan)),
    ],
)
def test_what_can_be_seen(code: str, rate: float, change: Any) -> None:
    model = Stepping((10, 24, 4), 51)
    change(model)
    with np.errstate(all="ignore"):
        assert code in [f.code for f in run(model, rate).findings]


def test_a_parameter_that_never_moves() -> None:
    class Partly(Stepping):
        def apply(self, rate: float) -> None:
            self.W[1] -= rate * self.dW[1]

    report = run(Partly((10, 24, 4), 52), 0.1)
    finding = report.findings[0]
    assert finding.code == "parameter-not-updated"
    assert set(finding.targets) == {"W.0", "b.0", "b.1"}


def test_the_watch_changes_nothing() -> None:
    one, two = Stepping((10, 24, 4), 53), Stepping((10, 24, 4), 53)
    x, y = blobs(160, 10, 4, 50)
    run(one, 0.1)
    for t in range(40):
        part = slice(40 * (t % 4), 40 * (t % 4) + 40)
        two.train_step(x[part], y[part], 0.1)
    assert all(np.array_equal(a, b) for a, b in zip(one.W + one.b, two.W + two.b, strict=True))


def test_looking_is_rationed_by_its_cost() -> None:
    sampler = Sampler(share=0.05)
    looks = 0
    for _ in range(60):
        time.sleep(0.0005)
        if sampler.due():
            looks += 1
            sampler.spent(0.005)  # as if a look cost ten steps
    assert 2 <= looks <= 6


def test_in_chainrules_own_loop() -> None:
    from chainrule.data import ArrayBatches
    from chainrule.layers import CrossEntropyLoss, Linear, ReLU, Sequential
    from chainrule.training import Adam, fit

    x, y = blobs(160, 10, 4, 54)
    model = Sequential(Linear(10, 24), ReLU(), Linear(24, 4))
    watch = chainrule.TrainingWatch(model, every=1)
    batches = ArrayBatches(x.astype("float32"), y, batch_size=20)
    fit(
        model,
        CrossEntropyLoss(),
        Adam(model.parameters(), lr=1e-3),
        batches,
        epochs=3,
        callbacks=[watch.callback()],
    )
    report = watch.report()
    assert report.ok
    assert report.tested == ["12 of 24 steps"]


def test_steps_uphill() -> None:
    class Uphill(Stepping):
        def apply(self, rate: float) -> None:
            super().apply(-rate)

    with np.errstate(all="ignore"):
        finding = run(Uphill((10, 24, 4), 54), 0.1).findings[0]
    assert finding.code == "sign-flipped"
    assert "went up" in finding.detail


def test_equal_units() -> None:
    model = Stepping((10, 24, 4), 55)
    for weight in model.W:
        weight[...] = 0.1
    assert "symmetric-units" in [f.code for f in run(model, 0.1).findings]


def test_the_first_looks_come_soon() -> None:
    sampler = Sampler()
    looks = []
    for step in range(400):
        if sampler.due():
            looks.append(step)
            sampler.spent(1.0)  # a look that costs far more than a step
    assert len(looks) >= 6


def test_the_report_says_what_was_looked_at() -> None:
    assert "the weights at 20 of 40 steps" in str(run(Stepping((10, 24, 4), 50), 0.1))
