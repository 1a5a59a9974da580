"""Sound trainings raise no alarm, and are left as they were found."""

from __future__ import annotations

import numpy as np
import pytest
from healthy import MLP, SETUPS, Stepping, cross_entropy, cross_entropy_gradient, data

import chainrule
from chainrule.doctor.arrays_inside import places


@pytest.mark.parametrize("name", SETUPS)
def test_silence(name: str) -> None:
    setup = SETUPS[name]()
    report = chainrule.check_training(setup.pop("subject"), **setup)
    assert [(f.code, f.detail) for f in report.findings] == []
    assert len(report.tested) == 13  # no experiment failed on the way


@pytest.mark.parametrize("name", ["adamw", "dropout and batch norm", "regression in closures", "momentum"])
def test_the_subject_is_left_as_it_was(name: str) -> None:
    setup = SETUPS[name]()
    subject = setup.pop("subject")
    before = {p.path: np.copy(p.get()) for p in places(subject)}
    generator = subject.rng.bit_generator.state if hasattr(subject, "rng") else None
    x = np.copy(setup["x"])
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    chainrule.check_training(subject, **setup)
    assert before.keys() == {p.path for p in places(subject)}
    assert all(np.array_equal(before[p.path], p.get()) for p in places(subject))
    assert generator is None or subject.rng.bit_generator.state == generator
    np.testing.assert_array_equal(x, setup["x"])
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_chainrules_own_models_are_silent() -> None:
    from chainrule.layers import CrossEntropyLoss, Linear, ReLU, Sequential
    from chainrule.training import SGD

    setup = data(seed=30)
    model = Sequential(Linear(10, 24), ReLU(), Linear(24, 4))
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    x = setup["x"].astype("float32")
    report = chainrule.check_training(
        model, x, setup["target"], optimizer=optimizer, loss=CrossEntropyLoss(), batch_size=30
    )
    assert report.ok
    assert len(report.tested) == 13


def test_a_layer_that_the_optimizer_does_not_know_is_named_in_chainrules_own_models() -> None:
    from chainrule.layers import CrossEntropyLoss, Linear, ReLU, Sequential
    from chainrule.training import SGD

    setup = data(seed=31)
    first = Linear(10, 24)
    model = Sequential(first, ReLU(), Linear(24, 4))
    optimizer = SGD(first.parameters(), lr=0.05)
    report = chainrule.check_training(
        model, setup["x"].astype("float32"), setup["target"], optimizer=optimizer, loss=CrossEntropyLoss()
    )
    assert report.findings[0].code == "parameter-not-updated"
    assert set(report.findings[0].targets) == {"2.weight", "2.bias"}


def test_what_cannot_be_trained_is_said() -> None:
    report = chainrule.check_training(MLP((3, 2)), np.zeros((4, 3)), np.zeros(4, int))
    assert report.ok
    assert "step(x, target, learning_rate)" in report.not_tested[0]


def test_a_step_that_raises_is_said() -> None:
    report = chainrule.check_training(
        Stepping((10, 4)), np.zeros((8, 7)), np.zeros(8, int), learning_rate=0.1
    )
    assert report.ok
    assert "raises ValueError" in " ".join(report.not_tested)


def test_a_foreign_loop_with_a_pair_of_losses() -> None:
    class Twice:
        def __init__(self, model: MLP) -> None:
            self.model, self.lr = model, 0.1

        def step(self) -> None:
            for _ in range(2):
                for p, g in zip(self.model.W + self.model.b, self.model.dW + self.model.db, strict=True):
                    p -= self.lr * g

    model = MLP((10, 20, 4), 32)
    report = chainrule.check_training(
        model,
        **data(seed=32),
        optimizer=Twice(model),
        loss=(cross_entropy, cross_entropy_gradient),
        batch_size=30,
    )
    assert report.findings[0].code == "update-disagrees"
    assert report.findings[0].evidence["ratio"] == pytest.approx(2, rel=1e-3)
