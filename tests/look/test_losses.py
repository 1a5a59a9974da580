"""Every way to write a loss gives the same value and the same gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.functions import mse_loss, mse_loss_backward
from chainrule.layers import MSELoss
from chainrule.look.losses import LossResult, check_loss, loss_and_gradient

from .foreign import squared_error, squared_error_gradient

RNG = np.random.default_rng(0)
Y, TARGET = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))


class Keeping:
    """Its backward needs nothing."""

    def forward(self, y: Any, target: Any) -> float:
        self.y, self.target = y, target
        return squared_error(y, target)

    def backward(self) -> Any:
        return squared_error_gradient(self.y, self.target)


class FromOne(Keeping):
    def backward(self, dout: float) -> Any:  # type: ignore[override]
        return dout * super().backward()


class DefaultOne(Keeping):
    def backward(self, dout: float = 1) -> Any:
        return dout * super().backward()


class Again:
    """Named the other way around."""

    def loss(self, y_true: Any, y_pred: Any) -> float:
        assert y_true is TARGET
        return squared_error(y_pred, y_true)

    def gradient(self, y_true: Any, y_pred: Any) -> Any:
        return squared_error_gradient(y_pred, y_true)


class Called(Keeping):
    def __call__(self, y: Any, target: Any) -> float:
        return super().forward(y, target)

    forward = None  # type: ignore[assignment]


class WithCache:
    def forward(self, y: Any, target: Any) -> Any:
        return squared_error(y, target), (y, target)

    def backward(self, dloss: Any, cache: Any) -> Any:
        return dloss * squared_error_gradient(*cache), None


def both(y: Any, target: Any) -> Any:
    return squared_error(y, target), squared_error_gradient(y, target)


@pytest.mark.parametrize(
    "loss",
    [
        MSELoss(), Keeping(), FromOne(), DefaultOne(), Again(), Called(), WithCache(), both,
        (squared_error, squared_error_gradient), (mse_loss, mse_loss_backward),
    ],
    ids=lambda loss: type(loss).__name__,
)  # fmt: skip
def test_value_and_gradient(loss: Any) -> None:
    check_loss(loss)
    result = loss_and_gradient(loss, Y, TARGET)
    assert result.value == pytest.approx(squared_error(Y, TARGET))
    assert result.gradient is not None
    np.testing.assert_allclose(result.gradient, squared_error_gradient(Y, TARGET), rtol=1e-12)
    assert result.note == ""


def test_a_function_without_a_gradient_is_measured() -> None:
    before = Y.copy()
    result = loss_and_gradient(squared_error, Y, TARGET)
    assert result.gradient is not None
    np.testing.assert_allclose(result.gradient, squared_error_gradient(Y, TARGET), rtol=1e-6, atol=1e-9)
    assert result.note == "the loss has no gradient of its own: it was measured, number by number"
    np.testing.assert_array_equal(Y, before)
    single = loss_and_gradient(squared_error, Y.astype(np.float32), TARGET).gradient
    assert single is not None
    assert single.dtype == np.float32


def test_a_function_of_very_many_numbers_is_not() -> None:
    y = np.zeros((101, 100))
    assert loss_and_gradient(lambda y, t: float(y.sum()), y, y) == LossResult(0.0, None)


def test_a_loss_per_sample_counts_as_their_mean() -> None:
    result = loss_and_gradient(lambda y, t: ((y - t) ** 2).mean(1), Y, TARGET)
    assert result.value == pytest.approx(squared_error(Y, TARGET))


@pytest.mark.parametrize("loss", [3, "mse", (squared_error,), (squared_error, 3), object()])
def test_what_is_no_loss_is_refused(loss: Any) -> None:
    with pytest.raises(TypeError, match=r"no loss|a pair of functions"):
        check_loss(loss)
