"""Dropout as a layer: a new mask at every forward while training, nothing at evaluation."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import Refusing, check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import Dropout, manual_seed, randomness


@pytest.mark.parametrize("p", [0.0, 0.3])
def test_the_protocol_holds(p: float) -> None:
    check_layer(Dropout(p), normal(3, 4, 5))


def test_the_protocol_holds_at_evaluation() -> None:
    check_layer(Dropout(0.3).eval(), normal(3, 4, 5))


def test_pytorch_agrees_at_evaluation() -> None:
    compare_layer(Dropout(0.3).eval(), torch_or_skip().nn.Dropout(0.3), normal(3, 4, 5))


def test_every_forward_draws_a_new_mask() -> None:
    """Neither one per epoch, nor one for ever: that would simply be a smaller network."""
    layer, x = Dropout(0.5), np.ones((2, 200))
    manual_seed(1)
    masks = [layer(x) for _ in range(4)]
    with randomness(0):
        masks += [layer(x), layer(x)]
    assert len({mask.tobytes() for mask in masks}) == 6


def test_two_dropouts_of_one_network_draw_different_masks() -> None:
    x = np.ones((2, 200))
    with randomness(seed=0, step=3):
        assert (Dropout(0.5)(x) != Dropout(0.5)(x)).any(1).all()


def test_seed_and_step_decide_and_repeat() -> None:
    layer, x = Dropout(0.5), np.ones((2, 200))

    def mask(seed: int, step: int) -> bytes:
        with randomness(seed, step):
            return layer(x).tobytes()

    assert mask(1, 7) == mask(1, 7)
    assert len({mask(1, 7), mask(1, 8), mask(2, 7)}) == 3


def test_a_sample_meets_the_same_mask_in_a_part_of_the_batch() -> None:
    layer, x = Dropout(0.5), normal(5, 40)
    with randomness(0, step=1):
        whole = layer(x)
    parts = []
    for start, stop in ((0, 2), (2, 5)):
        with randomness(0, step=1, first_sample=start):
            parts.append(layer(x[start:stop]))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_at_evaluation_all_numbers_pass_both_ways() -> None:
    layer, x = Dropout(0.9).eval(), normal(3, 4)
    y, cache = layer.forward(x)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(layer.backward(x, cache), x)


def test_backward_follows_the_cache_and_not_the_mode_of_the_moment() -> None:
    layer, x = Dropout(0.5), np.ones((3, 50))
    y, cache = layer.forward(x)
    np.testing.assert_array_equal(layer.eval().backward(x, cache), y)


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_p_is_a_probability(p: float) -> None:
    with pytest.raises(ValueError, match=f"p is the probability to drop a number, from 0 to 1, got {p}"):
        Dropout(p)


def test_repr_shows_p() -> None:
    assert repr(Dropout(0.2)) == "Dropout(p=0.2)"


def test_the_mask_lives_where_the_input_lives() -> None:
    """On a GPU, say: an array that refuses to become a NumPy array meets keys of its own kind."""
    x = normal(3, 4)
    with randomness(0):
        y, cache = Dropout(0.5).forward(Refusing(x))
    with randomness(0):
        expected, _ = Dropout(0.5).forward(x)
    assert isinstance(y, Refusing)
    assert isinstance(Dropout(0.5).backward(y, cache), Refusing)
    np.testing.assert_array_equal(y.value, expected)
