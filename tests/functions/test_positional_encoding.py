"""The sinusoidal encoding: the paper's formula, and what its docstring claims of relative positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from protocol import check_function, normal

from chainrule.functions import positional_encoding, positional_encoding_backward

PAIR = (positional_encoding, positional_encoding_backward)


def patterns(time: int, features: int, **kwargs: Any) -> Any:
    return positional_encoding(np.zeros((time, features)), **kwargs)[0]


@pytest.mark.parametrize("shape", [(2, 4, 6), (3, 5), (2, 3, 4, 5)])
def test_the_protocol_holds(shape: tuple[int, ...]) -> None:
    check_function(*PAIR, [normal(*shape)], kwargs={"start": 2})


@pytest.mark.parametrize("features", [6, 7, 1])
def test_it_is_the_formula_of_the_paper(features: int) -> None:
    expected = [
        [(math.cos if j % 2 else math.sin)(t / 10000 ** (2 * (j // 2) / features)) for j in range(features)]
        for t in range(5)
    ]
    np.testing.assert_allclose(patterns(5, features), expected, rtol=1e-12)


def test_it_is_added_to_every_sample() -> None:
    x = normal(3, 4, 6)
    y, cache = positional_encoding(x)
    np.testing.assert_allclose(y - x, np.broadcast_to(patterns(4, 6), x.shape), atol=1e-12)
    np.testing.assert_array_equal(cache.encoding, patterns(4, 6))


def test_a_sequence_in_pieces_gets_the_same_patterns() -> None:
    whole = patterns(9, 6)
    np.testing.assert_array_equal(np.concatenate([patterns(4, 6), patterns(5, 6, start=4)]), whole)


def test_a_later_pattern_is_a_linear_function_of_an_earlier_one() -> None:
    """PE[t + k] = PE[t] @ M(k), with one matrix for all t."""
    encoding = patterns(40, 8)
    for k in (1, 5):
        matrix, *_ = np.linalg.lstsq(encoding[:-k], encoding[k:], rcond=None)
        np.testing.assert_allclose(encoding[:-k] @ matrix, encoding[k:], atol=1e-10)


def test_no_two_positions_look_alike_and_there_is_no_last_one() -> None:
    encoding = patterns(3000, 16)
    assert len({row.tobytes() for row in encoding.round(6)}) == 3000
    assert np.isfinite(patterns(2, 16, start=10**6)).all()


def test_another_base_turns_the_clocks_at_another_speed() -> None:
    np.testing.assert_allclose(patterns(3, 4, base=100.0)[:, 2], np.sin(np.arange(3) / 10))


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"positional_encoding expects an input .*, got input \(4,\)"):
        positional_encoding(np.zeros(4))
    with pytest.raises(TypeError, match="expects floating point numbers, got int64: embed ids first"):
        positional_encoding(np.zeros((3, 4), int))
    with pytest.raises(ValueError, match="positional_encoding: positions count from 0, got start=-1"):
        positional_encoding(np.zeros((3, 4)), start=-1)
