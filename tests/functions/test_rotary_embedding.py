"""The rotary embedding: a rotation of pairs, after which a score knows the distance and not the place."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, normal

from chainrule.functions import rotary_embedding, rotary_embedding_backward

PAIR = (rotary_embedding, rotary_embedding_backward)


@pytest.mark.parametrize("shape", [(2, 4, 6), (5, 2), (2, 3, 5, 4)])
@pytest.mark.parametrize("start", [0, 3])
def test_the_protocol_holds(shape: tuple[int, ...], start: int) -> None:
    check_function(*PAIR, [normal(*shape)], kwargs={"start": start})


def test_each_pair_is_a_complex_number_that_is_turned() -> None:
    x = normal(2, 5, 6)
    pairs = x[..., 0::2] + 1j * x[..., 1::2]
    angles = np.arange(5)[:, None] * 10000.0 ** (-np.arange(0, 6, 2) / 6)
    turned = pairs * np.exp(1j * angles)
    y, _ = rotary_embedding(x)
    np.testing.assert_allclose(y[..., 0::2], turned.real, rtol=1e-12)
    np.testing.assert_allclose(y[..., 1::2], turned.imag, rtol=1e-12)


def test_scores_depend_on_the_distance_alone() -> None:
    query, key = normal(1, 8), normal(1, 8, seed=1)

    def score(t: int, s: int) -> float:
        return float((rotary_embedding(query, t)[0] * rotary_embedding(key, s)[0]).sum())

    assert score(7, 4) == pytest.approx(score(103, 100), rel=1e-9)
    assert score(7, 4) != pytest.approx(score(4, 7), rel=1e-3)
    assert score(7, 4) != pytest.approx(score(7, 5), rel=1e-3)


def test_it_keeps_lengths_and_backward_turns_back() -> None:
    x = normal(2, 5, 6)
    y, cache = rotary_embedding(x, start=2)
    np.testing.assert_allclose(np.square(y).sum(-1), np.square(x).sum(-1))
    np.testing.assert_allclose(rotary_embedding_backward(y, cache), x, rtol=1e-12)
    assert (y != x).all()


def test_a_sequence_in_pieces_is_turned_alike() -> None:
    x = normal(2, 7, 4)
    pieces = [rotary_embedding(x[:, :3])[0], rotary_embedding(x[:, 3:], start=3)[0]]
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), rotary_embedding(x)[0], rtol=1e-12)


def test_another_base_turns_the_pairs_at_another_speed() -> None:
    x = np.array([[0.0, 0, 1, 0], [0, 0, 1, 0]])
    y, _ = rotary_embedding(x, base=100.0)
    np.testing.assert_allclose(y[1, 2:], [np.cos(0.1), np.sin(0.1)])


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"rotary_embedding turns pairs of features, got input \(2, 3\)"):
        rotary_embedding(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"rotary_embedding expects an input .*, got input \(4,\)"):
        rotary_embedding(np.zeros(4))
    with pytest.raises(ValueError, match="rotary_embedding: positions count from 0, got start=-2"):
        rotary_embedding(np.zeros((3, 4)), start=-2)
