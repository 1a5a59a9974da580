"""One step, and twenty: everything together is what PyTorch does, running statistics included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.layers import (
    BatchNorm2d,
    Conv2d,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    default_dtype,
    manual_seed,
)
from chainrule.training import SGD, Adam, StepResult, train_step

STEPS, BATCH, CLASSES = 20, 7, 5


def our_model() -> Sequential:
    manual_seed(11)
    with default_dtype(np.float64):
        return Sequential(
            Conv2d(2, 4, 3, padding=1), BatchNorm2d(4), ReLU(), MaxPool2d(2),  # (batch, 4, 4, 3)
            Conv2d(4, 6, (2, 3), padding=(0, 1), bias=False), BatchNorm2d(6), ReLU(),  # (batch, 6, 3, 3)
            Flatten(), Dropout(0.0), Linear(54, CLASSES),
        )  # fmt: skip


def their_model(torch: Any, ours: Sequential) -> Any:
    """The same in PyTorch, with the same weights: the names and layouts of the state dict are the same."""
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, (2, 3), padding=(0, 1), bias=False), nn.BatchNorm2d(6), nn.ReLU(),
        nn.Flatten(), nn.Dropout(0.0), nn.Linear(54, CLASSES),
    ).double()  # fmt: skip
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    return theirs


def data(step: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(step)
    return rng.normal(size=(BATCH, 2, 8, 7)), rng.integers(0, CLASSES, BATCH)


@pytest.mark.parametrize("max_norm", [None, 1.0], ids=["unclipped", "clipped"])
def test_twenty_steps_leave_the_same_weights_and_statistics_as_pytorch(max_norm: float | None) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    model = our_model()
    reference = their_model(torch, model)
    optimizer, their_optimizer = (
        Adam(model.parameters(), lr=0.01),
        torch.optim.Adam(reference.parameters(), lr=0.01),
    )
    loss, their_loss = CrossEntropyLoss(), torch.nn.CrossEntropyLoss()
    clipped = 0
    for step in range(STEPS):
        x, target = data(step)
        result = train_step(model, loss, optimizer, x, target, max_norm)

        logits = reference(torch.tensor(x))
        expected = their_loss(logits, torch.tensor(target))
        their_optimizer.zero_grad()
        expected.backward()
        bound = float("inf") if max_norm is None else max_norm
        norm = float(torch.nn.utils.clip_grad_norm_(reference.parameters(), bound))
        their_optimizer.step()

        np.testing.assert_allclose(result.prediction, logits.detach().numpy(), rtol=1e-9, atol=1e-10)
        assert result.loss / result.count == pytest.approx(float(expected.detach()), rel=1e-10)
        assert result.gradient_norm == pytest.approx(norm, rel=1e-9)
        clipped += norm > bound
    assert clipped > 3 or max_norm is None, "the bound was never reached: this proves nothing about clipping"

    # Adam divides by √v, which is close to 0 for the bias in front of a batch norm: its true gradient is 0
    no_gradient = "0.bias"
    for name, theirs in reference.state_dict().items():
        if name != no_gradient:
            np.testing.assert_allclose(
                model.state_dict()[name], theirs.numpy(), rtol=1e-8, atol=1e-9, err_msg=name
            )
    assert model.state_dict()["1.num_batches_tracked"] == STEPS


def test_the_step_follows_the_mean_whatever_the_size_of_the_batch() -> None:
    # three copies of a batch have the same mean, the same batch statistics, and so the same gradient
    x, target = data(0)
    models = [our_model(), our_model()]
    norms = []
    for model, copies in zip(models, (1, 3), strict=True):
        optimizer = SGD(model.parameters(), lr=0.1)
        x_copies, targets = np.concatenate([x] * copies), np.concatenate([target] * copies)
        norms.append(train_step(model, CrossEntropyLoss(), optimizer, x_copies, targets).gradient_norm)
    assert norms[0] == pytest.approx(norms[1])
    for one, three in zip(*(m.parameters() for m in models), strict=True):
        np.testing.assert_allclose(one.data, three.data, rtol=1e-9, atol=1e-12)


def test_the_result_holds_a_sum_and_a_count() -> None:
    model = our_model()
    x, target = data(0)
    loss = CrossEntropyLoss()
    expected = loss(model(x), target)
    result = train_step(model, loss, SGD(model.parameters(), lr=0.1), x, target)
    assert result.count == BATCH
    assert result.loss == pytest.approx(BATCH * expected)
    assert result.prediction.shape == (BATCH, CLASSES)
    assert result.right == (result.prediction.argmax(-1) == target).sum()


def test_gradients_of_the_step_before_are_forgotten() -> None:
    x, target = data(0)
    model, fresh = our_model(), our_model()
    for parameter in model.parameters():
        parameter.grad[...] = 1e6
    for m in (model, fresh):
        train_step(m, CrossEntropyLoss(), SGD(m.parameters(), lr=0.1), x, target)
    for one, other in zip(model.parameters(), fresh.parameters(), strict=True):
        np.testing.assert_array_equal(one.data, other.data)


def test_before_update_sees_the_old_weights_and_may_forbid_the_step() -> None:
    model = our_model()
    optimizer = Adam(model.parameters(), lr=0.1)
    before, state = model.state_dict(), optimizer.state_dict()

    def refuse(result: StepResult) -> None:
        assert result.gradient_norm > 0
        for name, array in model.state_dict().items():
            np.testing.assert_array_equal(array, before[name])
        raise InterruptedError("not this one")

    with pytest.raises(InterruptedError):
        train_step(model, CrossEntropyLoss(), optimizer, *data(0), before_update=refuse)
    for after, expected in ((model.state_dict(), before), (optimizer.state_dict(), state)):
        for name, array in after.items():
            np.testing.assert_array_equal(array, expected[name])
