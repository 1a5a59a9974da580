"""Initial weights: bounds, spreads, angles; and that a convolution's fans count the area of its kernel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule.layers import Parameter, init, manual_seed

MATRIX, KERNELS = (200, 300), (40, 50, 5, 3)  # fan_in 300, fan_out 200; fan_in 750, fan_out 600


@pytest.fixture(autouse=True)
def _seeded() -> None:
    manual_seed(0)


def filled(initializer: Any, shape: tuple[int, ...], *args: Any, **kwargs: Any) -> Any:
    return initializer(np.empty(shape), *args, **kwargs)


def test_fans_count_the_area_of_the_kernel() -> None:
    assert init.fan_in_and_fan_out((3, 5)) == (5, 3)
    assert init.fan_in_and_fan_out((4, 3, 5, 2)) == (30, 40)
    with pytest.raises(ValueError, match=r"at least 2 axes, got \(3,\)"):
        init.fan_in_and_fan_out((3,))


# initializer, its bound or spread as a function of (fan_in, fan_out); the root of 2 is relu's gain
UNIFORM = [
    (init.glorot_uniform_, {}, lambda i, o: math.sqrt(6 / (i + o))),
    (init.glorot_uniform_, {"gain": 2.0}, lambda i, o: 2 * math.sqrt(6 / (i + o))),
    (init.he_uniform_, {}, lambda i, o: math.sqrt(6 / i)),
    (init.he_uniform_, {"mode": "fan_out"}, lambda i, o: math.sqrt(6 / o)),
    (init.he_uniform_, {"gain": 1.0}, lambda i, o: math.sqrt(3 / i)),
    (init.torch_default_, {}, lambda i, o: 1 / math.sqrt(i)),
    (init.uniform_, {"low": -0.5, "high": 0.5}, lambda i, o: 0.5),
]
NORMAL = [
    (init.glorot_normal_, {}, lambda i, o: math.sqrt(2 / (i + o))),
    (init.glorot_normal_, {"gain": 2.0}, lambda i, o: 2 * math.sqrt(2 / (i + o))),
    (init.he_normal_, {}, lambda i, o: math.sqrt(2 / i)),
    (init.he_normal_, {"mode": "fan_out"}, lambda i, o: math.sqrt(2 / o)),
    (init.he_normal_, {"gain": 1.0}, lambda i, o: 1 / math.sqrt(i)),
    (init.normal_, {"std": 0.3}, lambda i, o: 0.3),
]


@pytest.mark.parametrize("shape", [MATRIX, KERNELS])
@pytest.mark.parametrize(("initializer", "options", "bound"), UNIFORM)
def test_uniform_ones_fill_their_interval(initializer: Any, options: Any, bound: Any, shape: Any) -> None:
    values, expected = filled(initializer, shape, **options), bound(*init.fan_in_and_fan_out(shape))
    assert 0.99 * expected < abs(values).max() <= expected
    assert values.std() == pytest.approx(expected / math.sqrt(3), rel=0.02)
    assert abs(values.mean()) < 0.02 * expected


@pytest.mark.parametrize("shape", [MATRIX, KERNELS])
@pytest.mark.parametrize(("initializer", "options", "std"), NORMAL)
def test_normal_ones_have_their_spread(initializer: Any, options: Any, std: Any, shape: Any) -> None:
    values, expected = filled(initializer, shape, **options), std(*init.fan_in_and_fan_out(shape))
    assert values.std() == pytest.approx(expected, rel=0.02)
    assert abs(values.mean()) < 0.03 * expected
    assert (abs(values) < expected).mean() == pytest.approx(0.6827, abs=0.01)


def test_an_activations_spread_survives_relu_layers_with_the_right_gain_only() -> None:
    """What initialization is for: 20 layers deep, He's keeps the signal, Glorot's loses it."""

    def spread_after_20_layers(initializer: Any) -> float:
        x = np.random.default_rng(0).normal(size=(100, 120))
        for _ in range(20):
            x = np.maximum(x @ filled(initializer, (120, 120)).T, 0)
        return float(np.sqrt(np.square(x).mean()))

    assert 0.2 < spread_after_20_layers(init.he_normal_) < 5
    assert spread_after_20_layers(init.glorot_normal_) < 0.01


def test_mean_and_interval_may_be_moved() -> None:
    assert filled(init.normal_, MATRIX, mean=3.0, std=0.1).mean() == pytest.approx(3, abs=0.01)
    values = filled(init.uniform_, MATRIX)
    assert 0 <= values.min() < 0.01
    assert 0.99 < values.max() < 1


def test_truncated_normal_draws_again_what_lies_outside() -> None:
    values = filled(init.truncated_normal_, MATRIX, std=1.0, low=-1.0, high=2.0)
    assert -1 <= values.min() < -0.99
    assert 1.98 < values.max() <= 2
    assert not (np.isin(values, [-1, 2])).any()  # cut off and drawn again, not pushed to the border
    narrow = filled(init.truncated_normal_, MATRIX, mean=1.0, std=0.02)
    assert narrow.mean() == pytest.approx(1, abs=0.001)
    assert narrow.std() == pytest.approx(0.02, rel=0.02)


def test_a_truncation_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"needs low < high, got 2.0 and 1.0"):
        filled(init.truncated_normal_, (2, 3), low=2.0, high=1.0)
    for options in ({"low": 7.0, "high": 8.0}, {"low": -9.0, "high": -7.0}, {"std": 0.0}):
        with pytest.raises(ValueError, match="nothing of a normal"):
            filled(init.truncated_normal_, (2, 3), **options)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (6, 2, 2, 2), (20, 2, 3, 1)])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_orthogonal_rows_or_columns_stand_at_right_angles(shape: tuple[int, ...], gain: float) -> None:
    matrix = filled(init.orthogonal_, shape, gain=gain).reshape(shape[0], -1)
    short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(short @ short.T, gain**2 * np.eye(len(short)), atol=1e-12)


def test_orthogonal_matrices_are_drawn_without_a_preference_for_a_sign() -> None:
    """Straight from a QR decomposition, the diagonal would nearly always have one sign."""
    corners = [filled(init.orthogonal_, (3, 3))[0, 0] for _ in range(200)]
    assert 60 < sum(corner > 0 for corner in corners) < 140


def test_constants() -> None:
    assert (filled(init.constant_, (2, 3), 0.25) == 0.25).all()
    assert not filled(init.zeros_, (2, 3)).any()
    assert (filled(init.ones_, (2, 3)) == 1).all()


def test_a_parameter_is_filled_in_place_and_returned() -> None:
    parameter = Parameter(np.zeros((4, 5), dtype=np.float32))
    data = parameter.data
    assert init.he_normal_(parameter) is parameter
    assert parameter.data is data
    assert data.dtype == np.float32
    assert data.all()


@pytest.mark.parametrize(
    "initializer",
    [
        init.uniform_,
        init.normal_,
        init.truncated_normal_,
        init.glorot_uniform_,
        init.he_normal_,
        init.orthogonal_,
    ],
)
def test_a_seed_repeats_the_weights_and_the_next_draw_is_another(initializer: Any) -> None:
    manual_seed(3)
    first, second = filled(initializer, (4, 5)), filled(initializer, (4, 5))
    manual_seed(3)
    np.testing.assert_array_equal(filled(initializer, (4, 5)), first)
    assert (first != second).any()


def test_gains_undo_what_a_nonlinearity_takes_away() -> None:
    """relu lets half of the square pass (√2), tanh is Glorot's 5/3; unknown ones are named."""
    assert init.gain("linear") == 1
    assert init.gain("relu") == math.sqrt(2)
    assert init.gain("tanh") == 5 / 3
    assert init.gain("leaky_relu", 1.0) == 1
    assert init.gain("leaky_relu", 0.0) == math.sqrt(2)
    with pytest.raises(
        ValueError, match="no gain is known for 'swish': linear, sigmoid, tanh, relu, selu, leaky_relu"
    ):
        init.gain("swish")


def test_what_is_no_weight_matrix_or_no_mode_is_named() -> None:
    with pytest.raises(ValueError, match="mode must be 'fan_in' or 'fan_out', got 'fan'"):
        filled(init.he_normal_, (2, 3), mode="fan")
    with pytest.raises(ValueError, match=r"orthogonal_ needs a matrix, got shape \(3,\)"):
        filled(init.orthogonal_, (3,))
