"""Not a number: whose fault is it?"""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.layers import (
    CrossEntropyLoss,
    Dropout,
    Layer,
    Linear,
    ReLU,
    Residual,
    Sequential,
    manual_seed,
    randomness,
)
from chainrule.training import SGD, NonFiniteError, StepResult, train_step
from chainrule.training.nonfinite import check_finite, find_nonfinite

X = np.ones((4, 3), np.float32)


class Exp(Layer):
    """Overflows float32 from 89 on."""

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with np.errstate(over="ignore"):
            y = np.exp(x)
        return y, y

    def backward(self, dy: np.ndarray, cache: np.ndarray) -> np.ndarray:
        return dy * cache


def model() -> Sequential:
    manual_seed(0)
    return Sequential({"in": Linear(3, 5), "block": Residual(Sequential(ReLU(), Exp())), "out": Linear(5, 2)})


def test_a_healthy_model_has_none() -> None:
    assert find_nonfinite(model(), X) is None
    check_finite(model(), X, StepResult((X,), 1.0, 4.0, None, 2.0))


def test_the_input_is_looked_at_first() -> None:
    x = X.copy()
    x[2, 1] = np.inf
    assert (
        find_nonfinite(model(), x)
        == "the input already holds infinity in 1 of 12 numbers, the first at (2, 1)"
    )


def test_then_the_parameters() -> None:
    m = model()
    next(p for name, p in m.named_parameters() if name == "out.weight").data[1, 3] = np.nan
    found = find_nonfinite(m, X)
    assert found is not None
    assert found.startswith("the parameter out.weight holds NaN in 1 of 10 numbers, the first at (1, 3)")


def test_then_the_innermost_layer_that_makes_one() -> None:
    # infinity goes on through the residual sum and the last layer, but they are not to blame
    found = find_nonfinite(model(), X * np.float32(1e3))
    assert found is not None
    assert found.startswith("the output of layer block.body.1 (Exp) holds infinity in")


def test_a_layer_alone_is_called_model() -> None:
    found = find_nonfinite(Exp(), X * np.float32(100))
    assert found is not None
    assert "the output of layer model (Exp)" in found


def test_a_gradient_that_backward_broke_is_named() -> None:
    class Root(Exp):
        """√x: fine at 0, but its slope there is infinite."""

        def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.sqrt(x), x

        def backward(self, dy: np.ndarray, cache: np.ndarray) -> np.ndarray:
            with np.errstate(divide="ignore"):
                return dy / (2 * np.sqrt(cache))

    manual_seed(0)
    m = Sequential(Linear(3, 5), ReLU(), Root(), Linear(5, 2))
    m[0].weight.data[...] = 0
    m[0].bias.data[...] = 0
    target = np.array([0, 1, 1, 0])

    def check(result: StepResult) -> None:
        check_finite(m, X, result)

    with (
        np.errstate(invalid="ignore"),
        pytest.raises(NonFiniteError, match=r"the loss is \S+, but the gradient of 0\.bias holds NaN"),
    ):
        train_step(m, CrossEntropyLoss(), SGD(m.parameters(), lr=0.1), X, target, before_update=check)


def test_the_same_dropout_mask_is_looked_at_again() -> None:
    # 3·10³⁸ fits into float32, but not when it is scaled by 1 / (1 - p); the mask decides whether it is
    x = np.full((1, 1), 3e38, np.float32)
    m = Sequential(Dropout(0.5), ReLU())
    overflows = 0
    for step in range(20):
        with randomness(0, step), np.errstate(over="ignore"):
            y = m(x)
            if np.isfinite(y).all():
                continue
            overflows += 1
            with pytest.raises(NonFiniteError, match=r"the output of layer 0 \(Dropout\) holds infinity"):
                check_finite(m, x, StepResult((y,), float("nan"), 1.0, None, float("nan")))
    assert 0 < overflows < 20


def test_the_loss_itself_may_make_it() -> None:
    with pytest.raises(NonFiniteError, match="the predictions are finite, so the loss itself made it"):
        check_finite(model(), X, StepResult((X,), float("inf"), 4.0, None, 2.0))


def test_it_is_an_arithmetic_error() -> None:
    assert issubclass(NonFiniteError, ArithmeticError)
