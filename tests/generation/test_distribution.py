"""Temperature, top-k and top-p: which ids are left, and with which probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.generation import next_distribution

P = np.array([0.1, 0.4, 0.15, 0.3, 0.05])  # by rank: ids 1, 3, 2, 0, 4
LOGITS = np.log(P)[None] + 3  # any constant may be added


def test_nothing_set_is_softmax() -> None:
    np.testing.assert_allclose(next_distribution(LOGITS)[0], P, rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_is_a_power(temperature: float) -> None:
    expected = P ** (1 / temperature)
    np.testing.assert_allclose(
        next_distribution(LOGITS, temperature)[0], expected / expected.sum(), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("top_k", "kept"), [(1, [1]), (2, [1, 3]), (4, [0, 1, 2, 3]), (5, range(5)), (9, range(5))]
)
def test_top_k(top_k: int, kept: list[int]) -> None:
    expected = np.where(np.isin(np.arange(5), kept), P, 0)
    np.testing.assert_allclose(
        next_distribution(LOGITS, top_k=top_k)[0], expected / expected.sum(), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [
        (1e-9, [1]),  # always at least one
        (0.39, [1]),
        (0.4, [1]),  # reached exactly: no other is needed
        (0.41, [1, 3]),
        (0.7, [1, 3]),
        (0.71, [1, 2, 3]),
        (0.85, [1, 2, 3]),
        (0.951, range(5)),
        (1.0, range(5)),
    ],
)
def test_top_p_keeps_the_smallest_set_that_reaches_it(top_p: float, kept: list[int]) -> None:
    expected = np.where(np.isin(np.arange(5), kept), P, 0)
    np.testing.assert_allclose(
        next_distribution(LOGITS, top_p=top_p)[0], expected / expected.sum(), rtol=1e-12
    )


def test_the_order_is_temperature_then_top_k_then_top_p() -> None:
    sharp = P**2 / (P**2).sum()  # temperature 0.5
    two = sharp[[1, 3]] / sharp[[1, 3]].sum()  # 0.64, 0.36
    p = next_distribution(LOGITS, temperature=0.5, top_k=2, top_p=0.63)[0]
    assert sharp[1] < 0.63 < two[0]  # the nucleus of two is one; of all five, it would be two
    np.testing.assert_array_equal(p, [0, 1, 0, 0, 0])


@pytest.mark.parametrize("settings", [{}, {"top_k": 3}, {"top_p": 0.5}, {"top_k": 4, "top_p": 0.9}])
def test_each_row_is_by_itself(settings: dict) -> None:
    logits = np.random.default_rng(0).normal(size=(6, 11)) * 2
    together = next_distribution(logits, 0.8, **settings)
    np.testing.assert_allclose(together.sum(-1), 1, rtol=1e-12)
    for row in range(6):
        np.testing.assert_array_equal(
            together[row], next_distribution(logits[row : row + 1], 0.8, **settings)[0]
        )


def test_of_equal_logits_the_lower_ids_are_kept() -> None:
    logits = np.array([[0.0, 1.0, 1.0, 1.0]])
    assert next_distribution(logits, temperature=0)[0].tolist() == [0, 1, 0, 0]
    assert next_distribution(logits, top_k=2)[0].tolist() == [0, 0.5, 0.5, 0]
    for settings in ({"top_k": 250}, {"top_p": 0.25}):
        assert np.flatnonzero(next_distribution(np.zeros((1, 1000)), **settings)[0]).tolist() == [*range(250)]


def test_masked_ids_stay_out() -> None:
    logits = np.array([[-np.inf, 0.0, -np.inf, 0.0]])
    for settings in ({}, {"top_k": 3}, {"top_p": 0.99}, {"temperature": 1e-300}, {"temperature": 1e300}):
        assert next_distribution(logits, **settings)[0].tolist() == [0, 0.5, 0, 0.5]
    assert next_distribution(logits, temperature=0)[0].tolist() == [0, 1, 0, 0]


def test_a_very_low_temperature_is_greedy_without_overflow() -> None:
    for temperature in (1e-3, 1e-300, 5e-324):
        assert next_distribution(LOGITS * 1000, temperature)[0].tolist() == [0, 1, 0, 0, 0]


def test_computed_in_float64_and_the_logits_stay() -> None:
    logits = LOGITS.astype(np.float32)
    before = logits.copy()
    p = next_distribution(logits, 0.7, 4, 0.9)
    assert p.dtype == np.float64
    np.testing.assert_array_equal(logits, before)
    np.testing.assert_array_equal(p, next_distribution(logits.astype(np.float64), 0.7, 4, 0.9))


def test_one_id_alone() -> None:
    assert next_distribution(np.zeros((3, 1)), 0.5, 1, 0.1).tolist() == [[1], [1], [1]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -0.1}, "temperature must be a number >= 0"),
        ({"temperature": np.nan}, "temperature .* got nan"),
        ({"temperature": np.inf}, "temperature .* got inf"),
        ({"top_k": 0}, "top_k must be a whole number >= 1, got 0"),
        ({"top_k": 2.5}, "top_k .* got 2.5"),
        ({"top_p": 0.0}, "top_p must be more than 0 and at most 1, got 0"),
        ({"top_p": 1.1}, "top_p .* got 1.1"),
        ({"top_p": np.nan}, "top_p .* got nan"),
    ],
)
def test_settings_out_of_their_range(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        next_distribution(LOGITS, **settings)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [((1, 2), np.nan, "nan in row 1, at id 2"), ((0, 3), np.inf, "inf in row 0, at id 3")],
)
def test_logits_that_are_none_are_named(place: tuple[int, int], value: float, message: str) -> None:
    logits = np.zeros((2, 4))
    logits[place] = value
    with pytest.raises(ValueError, match=message):
        next_distribution(logits)


def test_logits_of_another_kind() -> None:
    with pytest.raises(ValueError, match="row 1 are -inf"):
        next_distribution(np.array([[0.0, 0.0], [-np.inf, -np.inf]]))
    with pytest.raises(ValueError, match=r"\(batch, vocabulary\), got logits \(5,\)"):
        next_distribution(LOGITS[0])
    with pytest.raises(ValueError, match=r"got logits \(2, 0\)"):
        next_distribution(np.zeros((2, 0)))
    with pytest.raises(TypeError, match="floating point, got int64"):
        next_distribution(np.zeros((2, 3), np.int64))
