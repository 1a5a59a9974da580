"""Draws: as often as the probabilities say, and the same again for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.generation import draw, sample
from chainrule.layers import manual_seed, randomness

P = np.array([0.1, 0.4, 0.0, 0.3, 0.2])
DRAWS = 40_000


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def logits(rows: int) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.broadcast_to(np.log(P), (rows, 5))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, P),
        ({"temperature": 0.5}, P**2 / (P**2).sum()),
        ({"top_k": 2}, np.array([0, 4, 0, 3, 0]) / 7),
        ({"top_p": 0.85}, np.array([0, 4, 0, 3, 2]) / 9),
    ],
)
def test_as_often_as_the_probabilities_say(settings: dict, expected: np.ndarray) -> None:
    ids = sample(logits(DRAWS), **settings, generator=generator(0))
    assert ids.shape == (DRAWS,)
    counts = np.bincount(ids, minlength=5)
    possible = expected > 0
    assert not counts[~possible].any()
    spread = np.sqrt(DRAWS * expected[possible] * (1 - expected[possible]))  # of a binomial count
    np.testing.assert_array_less(np.abs(counts[possible] - DRAWS * expected[possible]), 4 * spread + 1e-9)


def test_rows_are_drawn_independently() -> None:
    one = generator(1)
    both = np.array([sample(np.zeros((2, 2)), generator=one) for _ in range(4000)])
    shares = np.bincount(2 * both[:, 0] + both[:, 1], minlength=4) / 4000
    np.testing.assert_allclose(shares, 0.25, atol=0.03)


def test_the_generator_decides() -> None:
    first, again, other = (sample(logits(50), generator=generator(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_a_generator_the_seed_of_the_library_decides() -> None:
    manual_seed(1)
    first, next_one = sample(logits(50)), sample(logits(50))
    manual_seed(1)
    np.testing.assert_array_equal(sample(logits(50)), first)
    assert not np.array_equal(first, next_one)
    with randomness(seed=2):
        inside = sample(logits(50))
    with randomness(seed=2):
        np.testing.assert_array_equal(sample(logits(50)), inside)


def test_greedy_draws_the_likeliest_and_uses_up_the_same_numbers() -> None:
    one, two = generator(0), generator(0)
    assert sample(logits(3), temperature=0, generator=one).tolist() == [1, 1, 1]
    sample(logits(3), generator=two)
    assert one.random() == two.random()


def test_float32_draws_what_its_float64_copy_draws() -> None:
    single = np.random.default_rng(0).normal(size=(500, 30)).astype(np.float32)
    np.testing.assert_array_equal(
        sample(single, generator=generator(0)), sample(single.astype(np.float64), generator=generator(0))
    )


def test_where_the_ends_are() -> None:
    p = np.array([[0.0, 0.25, 0.25, 0.0, 0.5, 0.0]])

    def drawn(uniform: float) -> int:
        return int(draw(p, np.array([uniform]))[0])

    assert [drawn(u) for u in (0.0, 0.2499, 0.25, 0.4999, 0.5, np.nextafter(1, 0))] == [1, 1, 2, 2, 4, 4]


def test_sums_that_are_rounded_never_lead_beyond_the_last_id() -> None:
    p = np.full((1, 10), 0.1)
    assert p.cumsum()[-1] < 1  # 0.9999999999999999
    assert draw(p, np.array([np.nextafter(1, 0)])).tolist() == [9]
