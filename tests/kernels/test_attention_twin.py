"""The twin of scaled_dot_product_attention is its reference: sizes, masks, causal order, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from chainrule import functions
from chainrule.functions import scaled_dot_product_attention as attention
from chainrule.kernels import plain
from kernels.twins import RNG, check_it_steps_aside, check_twin, is_compiled, normal, orders

NAME = "scaled_dot_product_attention"
SIZES = {  # batch, heads, target, source, d_k, d_v
    "odd": (3, 2, 5, 7, 3, 4),
    "whole tiles": (2, 3, 16, 16, 16, 32),
    "one of each": (1, 1, 1, 1, 1, 1),
    "one query": (2, 2, 1, 9, 5, 6),
    "long": (1, 2, 37, 70, 20, 18),
    "more queries": (2, 2, 8, 3, 4, 5),
}


@pytest.fixture(autouse=True)
def small_work_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "SMALL", 0)


def inputs(sizes: str = "odd") -> tuple[list[Any], np.ndarray]:
    """query, key and value as linear layers put them out, and an upstream gradient."""
    batch, heads, target, source, d_k, d_v = SIZES[sizes]
    shapes = [(target, d_k), (source, d_k), (source, d_v), (target, d_v)]
    *arrays, dcontext = (normal(batch, time, heads, d).swapaxes(1, 2) for time, d in shapes)
    return arrays, dcontext


def keys(samples: int) -> np.ndarray:
    return RNG.integers(2**64, size=samples, dtype=np.uint64)


def masks(batch: int, heads: int, target: int, source: int) -> dict[str, np.ndarray | None]:
    padding = np.arange(source) < RNG.integers(1, source + 1, size=(batch, 1, 1, 1))
    per_head = RNG.random((batch, heads, target, source)) < 0.6
    per_head[0, 0, 0] = False  # a query that may attend to nothing
    nobody = padding.copy()
    nobody[-1] = False
    return {
        "none": None,
        "padding": padding,
        "a sample of nothing but padding": nobody,
        "for every query": RNG.random((target, source)) < 0.7,
        "for every head": per_head,
        "one for all": np.ones((1, 1), bool),
        "added": normal(target, source),
        "added, and forbidden": np.where(per_head, normal(heads, 1, source), -np.inf).astype(np.float32),
        "one number added": normal(1),
    }


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dropout_p", [0.0, 0.3])
def test_outputs_and_gradients_are_the_references(sizes: str, causal: bool, dropout_p: float) -> None:
    if causal and SIZES[sizes][2] > SIZES[sizes][3]:
        return
    arrays, dcontext = inputs(sizes)
    options = {"causal": causal, "dropout_p": dropout_p}
    for mask in masks(*SIZES[sizes][:4]).values():
        of_sample = keys(len(dcontext))
        cache = check_twin(NAME, [*arrays, mask, of_sample], dcontext, 5e-6, **options)
        wide = [a.astype(np.float64) for a in arrays]
        wide_mask = mask if mask is None or mask.dtype == bool else mask.astype(np.float64)
        expected: Any = attention(*wide, wide_mask, of_sample, **options)[1]
        np.testing.assert_allclose(cache.weights, expected.weights, atol=1e-6)
        np.testing.assert_allclose(cache.dropped, expected.dropped, atol=2e-6)
        np.testing.assert_array_equal(cache.weights == 0, expected.weights == 0)


def test_a_scale_and_large_scores() -> None:
    arrays, dcontext = inputs()
    check_twin(NAME, arrays, dcontext, scale=0.0)
    check_twin(NAME, [100 * arrays[0], *arrays[1:]], dcontext, 1e-3, scale=2.0)


def test_everything_dropped() -> None:
    arrays, dcontext = inputs()
    check_twin(NAME, [*arrays, None, keys(3)], dcontext, dropout_p=1.0)


def test_any_memory_order() -> None:
    arrays, dcontext = inputs()
    mask = RNG.random((3, 2, 5, 7)) < 0.6
    for place, ordered in enumerate(zip(*(orders(a) for a in (*arrays, dcontext)), strict=True)):
        check_twin(NAME, [*ordered[:3], orders(mask)[place]], ordered[3], 5e-6)


def test_it_steps_aside() -> None:
    arrays, _ = inputs()
    check_it_steps_aside(NAME, arrays)
    assert not is_compiled(attention(*(a[0] for a in arrays))[1])  # other axes in front


def test_mistakes_are_named_as_by_the_reference() -> None:
    (query, key, value), _ = inputs()
    with pytest.raises(ValueError, match="both need d_k features"):
        attention(query, key[..., :2], value)
    with pytest.raises(ValueError, match="does not broadcast"):
        attention(query, key, value, np.ones((5, 6), bool))
    with pytest.raises(TypeError, match="mask of booleans"):
        attention(query, key, value, np.ones((5, 7), int))
    with pytest.raises(ValueError, match="needs dropout_keys"):
        attention(query, key, value, dropout_p=0.5)
    with pytest.raises(ValueError, match="takes the queries for the last"):
        attention(key, query, query[..., :1].repeat(4, -1), causal=True)
    assert functions.scaled_dot_product_attention is attention
