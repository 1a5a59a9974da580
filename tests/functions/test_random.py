"""Random numbers by counting: a number depends on its key and its place, on nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.functions.random import GOLDEN, MASK, fold, random_bits


def splitmix64(state: int, count: int) -> list[int]:
    """The generator as published (Steele, Lea and Flood 2014), with a state, in Python's integers."""
    numbers = []
    for _ in range(count):
        state = (state + GOLDEN) & MASK
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        numbers.append(z ^ (z >> 31))
    return numbers


def test_it_is_splitmix64() -> None:
    bits = random_bits(np.array([0, 1234567], dtype=np.uint64), 5)
    assert bits.tolist() == [splitmix64(0, 5), splitmix64(1234567, 5)]
    # the reference output for seed 1234567 that other implementations are tested with
    assert bits[1].tolist()[:3] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_a_stream_is_the_same_however_long_and_beside_whichever_other_it_is_drawn() -> None:
    keys = np.array([3, 5, 8], dtype=np.uint64)
    together = random_bits(keys, 7)
    assert together.dtype == np.uint64
    np.testing.assert_array_equal(random_bits(keys[1:2], 7)[0], together[1])
    np.testing.assert_array_equal(random_bits(keys, 4), together[:, :4])


def test_bits_are_ones_half_of_the_time_at_each_of_the_64_places() -> None:
    bits = random_bits(np.arange(20, dtype=np.uint64), 1000)
    shares = [(bits >> np.uint64(place) & np.uint64(1)).mean() for place in range(64)]
    np.testing.assert_allclose(
        shares, 0.5, atol=0.02
    )  # 20 000 draws: 0.02 are more than 5 standard deviations


def test_neighboring_keys_have_unrelated_streams() -> None:
    uniform = random_bits(np.arange(50, dtype=np.uint64), 2000) / 2.0**64
    correlations = np.corrcoef(uniform) - np.eye(50)
    assert abs(correlations).max() < 0.12


def test_a_key_depends_on_every_part_and_on_their_order() -> None:
    parts = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 0), (1, 2, 3), (3, 2, 1), (2**63,)]
    keys = [fold(*each) for each in parts]
    assert len(set(keys)) == len(parts)
    assert all(0 <= key <= MASK for key in keys)
    assert fold(1, 2, 3) == keys[6]
    with pytest.raises(ValueError, match="seeds and counters must be >= 0"):
        fold(3, -1)


def test_a_part_counts_modulo_two_to_the_64() -> None:
    assert fold(5) == fold(5 + 2**64)
