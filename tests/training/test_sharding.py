"""Threads: the same step as in one thread, up to rounding; and errors come through."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from training.small_tasks import small_training

from chainrule import backend, randomness
from chainrule.layers import (
    BatchNorm2d,
    CrossEntropyLoss,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    Linear,
    Sequential,
    Tanh,
    manual_seed,
)  # fmt: skip
from chainrule.training import Adam, fit, train_step
from chainrule.training.sharding import one_blas_thread

BATCH, TIME, CLASSES = 7, 5, 6


def task(dtype: str = "float64") -> tuple[Layer, CrossEntropyLoss, np.ndarray, np.ndarray]:
    """A small language model with dropout; some targets are ignored, more in some samples than in others."""
    manual_seed(3)
    model = Sequential(
        Embedding(CLASSES, 8, dtype=dtype), Linear(8, 9, dtype=dtype), Tanh(), Dropout(0.4),
        Linear(9, CLASSES, dtype=dtype),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    ids, target = rng.integers(CLASSES, size=(2, BATCH, TIME))
    target[2:, 1:] = -100
    return model, CrossEntropyLoss(axis=-1, label_smoothing=0.1), ids, target


def run(threads: int, seed: int | None = 5, frozen: bool = False) -> tuple[Any, dict[str, np.ndarray]]:
    """Three steps: the last result, and the weights. Without a seed: draws of the default generator."""
    model, loss, ids, target = task()
    model.train()
    if frozen:
        next(model.parameters()).requires_grad = False
    optimizer = Adam(model.parameters(), lr=0.05)
    for step in range(3):
        if seed is None:
            result = train_step(model, loss, optimizer, ids, target, max_norm=0.1, threads=threads)
        else:
            with randomness(seed, step):
                result = train_step(model, loss, optimizer, ids, target, max_norm=0.1, threads=threads)
    return result, model.state_dict()


@pytest.mark.parametrize("threads", [2, 3, BATCH, BATCH + 4])
@pytest.mark.parametrize("seed", [5, None])
@pytest.mark.parametrize("frozen", [False, True])
def test_results_do_not_depend_on_the_number_of_threads(threads: int, seed: int | None, frozen: bool) -> None:
    expected, weights = run(1, seed, frozen)
    result, sharded_weights = run(threads, seed, frozen)
    np.testing.assert_allclose(result.prediction, expected.prediction, rtol=1e-9)
    assert (result.loss, result.gradient_norm) == pytest.approx(
        (expected.loss, expected.gradient_norm), rel=1e-9
    )
    assert (result.count, result.right) == (expected.count, expected.right)
    assert len(result.predictions) == min(threads, BATCH)
    for name, weight in weights.items():
        np.testing.assert_allclose(sharded_weights[name], weight, rtol=1e-9, err_msg=name)


def test_the_loop_takes_threads() -> None:
    def weights(threads: int) -> dict[str, np.ndarray]:
        arguments = small_training(epochs=2)
        arguments["model"] = model = Sequential(Flatten(), Dropout(0.2), Linear(42, 3))
        arguments["optimizer"] = Adam(model.parameters(), lr=0.02)
        fit(**arguments, threads=threads)
        return model.state_dict()

    one, two = weights(1), weights(2)
    for name, weight in one.items():
        np.testing.assert_allclose(two[name], weight, rtol=0, atol=1e-5, err_msg=name)
    with pytest.raises(ValueError, match="threads must be at least 1, got 0"):
        fit(**small_training(), threads=0)


def test_batch_norm_needs_the_whole_batch() -> None:
    arguments = small_training()
    with pytest.raises(ValueError, match=r"threads=2: 1 \(BatchNorm2d\) needs the whole batch at once"):
        fit(**arguments, threads=2)
    norm = BatchNorm2d(1).eval()  # with fixed statistics, samples do not meet
    model = Sequential(norm, Flatten(), Linear(42, 3))
    model.eval()
    images, labels = next(arguments["train"].epoch(0))
    train_step(model, CrossEntropyLoss(), Adam(model.parameters()), images, labels, threads=2)


class Sabotaged(Layer):
    """Passes everything on, but does something in one method, in the part that begins with this id."""

    def __init__(self, method: str, first_id: int, deed: Callable[[], None]) -> None:
        self.method, self.first_id, self.deed = method, first_id, deed

    def forward(self, ids: np.ndarray) -> tuple[np.ndarray, int]:
        if self.method == "forward" and ids[0] == self.first_id:
            self.deed()
        return np.stack([ids, -ids], axis=1).astype(float), int(ids[0])

    def backward(self, dy: np.ndarray, cache: int) -> None:
        if self.method == "backward" and cache == self.first_id:
            self.deed()


def sabotaged_step(method: str, first_id: int, deed: Callable[[], None]) -> None:
    layer = Sabotaged(method, first_id, deed)
    layer.linear = Linear(1, 1)
    ids = np.arange(4)
    train_step(layer, CrossEntropyLoss(), Adam(layer.parameters()), ids, np.zeros(4, int), threads=2)


@pytest.mark.parametrize("method", ["forward", "backward"])
@pytest.mark.parametrize("first_id", [0, 2])
def test_an_exception_in_any_part_is_raised_in_the_caller(method: str, first_id: int) -> None:
    def fail() -> None:
        raise ArithmeticError("in a part")

    before = threading.active_count()
    with pytest.raises(ArithmeticError, match="in a part"):
        sabotaged_step(method, first_id, fail)
    assert threading.active_count() == before
    sabotaged_step(method, 99, fail)  # and the next step runs


def test_a_second_ctrl_c_ends_the_step() -> None:
    def press() -> None:
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.01)

    # whoever runs this in the background may have Python ignore SIGINT
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            sabotaged_step("forward", 0, press)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_part_sees_the_settings_of_the_caller() -> None:
    seen: list[str] = []
    from chainrule.functions.dispatch import _backend

    with backend("reference"):
        sabotaged_step("forward", 2, lambda: seen.append(_backend.get()))
    assert seen == ["reference"]


def test_blas_has_one_thread_inside_and_as_many_as_before_afterwards() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    with one_blas_thread():
        assert set(threads()) <= {1}
    assert threads() == before
