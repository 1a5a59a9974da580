"""Attention: the protocol, PyTorch, masks of both kinds, the causal order, rows that may look at nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_function, compare_function, normal, torch_or_skip

from chainrule.functions import scaled_dot_product_attention, scaled_dot_product_attention_backward, softmax

PAIR = (scaled_dot_product_attention, scaled_dot_product_attention_backward)
BATCH, HEADS, TARGET, SOURCE, D_K, D_V = 2, 3, 4, 5, 6, 7
SHAPE = (BATCH, HEADS, TARGET, SOURCE)
KEYS = np.array([3, 8], dtype=np.uint64)


def arrays(target: int = TARGET, source: int = SOURCE) -> list[Any]:
    """query, key and value, all sizes distinct."""
    sizes = ((target, D_K), (source, D_K), (source, D_V))
    return [normal(BATCH, HEADS, *size, seed=seed) for seed, size in enumerate(sizes)]


def boolean_mask(*shape: int) -> Any:
    """About a third is forbidden; every query may attend to key 0."""
    mask = normal(*shape, seed=9) > -0.4
    mask[..., 0] = True
    assert not mask.all()
    return mask


PADDING = np.array([[True] * 5, [True] * 3 + [False] * 2])[:, None, None]  # (batch, 1, 1, source)
MASKS = {
    "none": None,
    "for all": boolean_mask(TARGET, SOURCE),
    "each its own": boolean_mask(*SHAPE),
    "padding": PADDING,
    "added": normal(HEADS, TARGET, SOURCE, seed=4),
    "minus infinity": np.where(boolean_mask(*SHAPE), 0.0, -np.inf),
}
every_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


# ---------------------------------------------------------------- the protocol and PyTorch


@every_mask
@pytest.mark.parametrize("causal", [False, True], ids=["", "causal"])
def test_the_protocol_holds(mask: Any, causal: bool) -> None:
    check_function(*PAIR, [*arrays(), mask, None], kwargs={"causal": causal}, differentiable=(0, 1, 2))


@pytest.mark.parametrize("mask", [None, PADDING], ids=["no mask", "padding"])
def test_the_protocol_holds_with_dropout_and_another_scale(mask: Any) -> None:
    kwargs = {"dropout_p": 0.3, "scale": 0.7}
    check_function(*PAIR, [*arrays(), mask, KEYS], kwargs=kwargs, differentiable=(0, 1, 2))


def test_the_protocol_holds_without_heads_and_without_a_batch() -> None:
    for axes in ((3,), ()):
        q, k, v = (normal(*axes, *size) for size in ((TARGET, D_K), (SOURCE, D_K), (SOURCE, D_V)))
        check_function(*PAIR, [q, k, v, None, None])


@every_mask
def test_pytorch(mask: Any) -> None:
    def theirs(query: Any, key: Any, value: Any, mask: Any, _: Any) -> Any:
        attend = torch_or_skip().nn.functional.scaled_dot_product_attention
        return attend(query, key, value, attn_mask=mask)

    compare_function(*PAIR, theirs, [*arrays(), mask, None], differentiable=(0, 1, 2))


def test_pytorch_causal_with_another_scale() -> None:
    def theirs(query: Any, key: Any, value: Any, mask: Any, _: Any) -> Any:
        attend = torch_or_skip().nn.functional.scaled_dot_product_attention
        return attend(query, key, value, is_causal=True, scale=0.7)

    given = [*arrays(TARGET, TARGET), None, None]
    compare_function(*PAIR, theirs, given, kwargs={"causal": True, "scale": 0.7}, torch_kwargs={})


# ---------------------------------------------------------------- what it computes


def test_it_is_the_formula_of_the_docstring() -> None:
    query, key, value = arrays()
    context, cache = scaled_dot_product_attention(query, key, value)
    scores = np.einsum("bhtk,bhsk->bhts", query, key) / np.sqrt(D_K)
    np.testing.assert_allclose(cache.weights, softmax(scores)[0], rtol=1e-12)
    np.testing.assert_allclose(context, np.einsum("bhts,bhsv->bhtv", cache.weights, value), rtol=1e-12)


def test_the_scale_keeps_the_scores_spread_at_1() -> None:
    """The docstring's reason: without it scores are spread by √d_k, and one key gets nearly all."""
    query, key, value = normal(50, 400), normal(60, 400, seed=1), normal(60, 1)
    scaled = scaled_dot_product_attention(query, key, value)[1].weights
    unscaled = scaled_dot_product_attention(query, key, value, scale=1.0)[1].weights
    assert np.log(scaled).std(-1).mean() == pytest.approx(1, abs=0.1)
    assert scaled.max(-1).mean() < 0.2
    assert unscaled.max(-1).mean() > 0.8


def test_a_forbidden_key_has_no_weight_no_influence_and_no_gradient() -> None:
    query, key, value = arrays()
    context, cache = scaled_dot_product_attention(query, key, value, PADDING)
    np.testing.assert_array_equal(cache.weights[1, :, :, 3:], 0)
    np.testing.assert_allclose(cache.weights.sum(-1), 1)
    other_key, other_value = key.copy(), value.copy()
    other_key[1, :, 3:] = 1e6
    other_value[1, :, 3:] = -1e6
    np.testing.assert_array_equal(
        scaled_dot_product_attention(query, other_key, other_value, PADDING)[0], context
    )
    _, dkey, dvalue, _, _ = scaled_dot_product_attention_backward(normal(*context.shape), cache)
    assert not dkey[1, :, 3:].any()
    assert not dvalue[1, :, 3:].any()
    assert dkey[1, :, :3].all()


def test_true_means_attend_and_minus_infinity_forbids() -> None:
    mask = boolean_mask(*SHAPE)
    boolean = scaled_dot_product_attention(*arrays(), mask)[0]
    added = scaled_dot_product_attention(*arrays(), np.where(mask, 0.0, -np.inf))[0]
    np.testing.assert_allclose(boolean, added, rtol=1e-12)
    finite = scaled_dot_product_attention(*arrays(), np.where(mask, 0.0, -1e9))[0]
    np.testing.assert_allclose(boolean, finite, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["boolean", "added", "padding and causal"])
def test_a_row_that_may_look_at_nothing_gives_0_and_gets_0(kind: str, dtype: str) -> None:
    query, key, value = (array.astype(dtype) for array in arrays(5, 5))
    mask = np.ones((BATCH, 1, 5, 5), dtype=bool)
    if kind == "padding and causal":
        mask[1, :, :, :2] = False  # padding in front: positions 0 and 1 see only padding
        empty = np.s_[1, :, :2]
    else:
        mask[1, :, 3] = False
        empty = np.s_[1, :, 3:4]
    given = np.where(mask, 0, -np.inf).astype(dtype) if kind == "added" else mask
    causal = kind == "padding and causal"
    context, cache = scaled_dot_product_attention(query, key, value, given, causal=causal)
    assert context.dtype == dtype
    assert cache.weights.dtype == dtype
    assert not context[empty].any()
    assert not cache.weights[empty].any()
    dcontext = normal(*context.shape).astype(dtype)
    dquery, dkey, dvalue, *_ = scaled_dot_product_attention_backward(dcontext, cache)
    assert not dquery[empty].any()
    without = dcontext.copy()
    without[empty] = 0  # its upstream changes nothing anywhere
    again = scaled_dot_product_attention_backward(without, cache)
    for got, expected in zip((dquery, dkey, dvalue), again, strict=False):
        assert np.isfinite(got).all()
        np.testing.assert_allclose(got, expected, rtol=1e-6)
    others = np.ones(context.shape, dtype=bool)
    others[empty] = False
    assert context[others].all()


# ---------------------------------------------------------------- the causal order


def test_causal_hides_what_comes_later() -> None:
    query, key, value = arrays(5, 5)
    context, cache = scaled_dot_product_attention(query, key, value, causal=True)
    np.testing.assert_array_equal(np.triu(cache.weights, 1), 0)
    assert np.tril(cache.weights)[..., np.tri(5, dtype=bool)].all()
    key[:, :, 3], value[:, :, 3] = 9, 9
    changed = (scaled_dot_product_attention(query, key, value, causal=True)[0] != context).any((0, 1, 3))
    assert changed.tolist() == [False, False, False, True, True]


def test_the_queries_are_the_last_of_the_key_positions() -> None:
    query, key, value = arrays(5, 5)
    whole = scaled_dot_product_attention(query, key, value, causal=True)[0]
    for count in (1, 2, 4):
        last = scaled_dot_product_attention(query[:, :, -count:], key, value, causal=True)[0]
        np.testing.assert_allclose(last, whole[:, :, -count:], rtol=1e-12)


def test_mask_and_causal_must_both_allow_it() -> None:
    query, key, value = arrays(5, 5)
    both = scaled_dot_product_attention(query, key, value, PADDING, causal=True)[0]
    for given in (PADDING & np.tri(5, dtype=bool), np.where(PADDING & np.tri(5, dtype=bool), 0.0, -np.inf)):
        np.testing.assert_array_equal(scaled_dot_product_attention(query, key, value, given)[0], both)
    added = np.where(PADDING, 0.0, -np.inf)
    np.testing.assert_array_equal(
        scaled_dot_product_attention(query, key, value, added, causal=True)[0], both
    )


# ---------------------------------------------------------------- dropout


def test_dropout_falls_on_the_weights_and_sample_by_sample() -> None:
    query, key, value = arrays()
    context, cache = scaled_dot_product_attention(query, key, value, None, KEYS, dropout_p=0.4)
    assert cache.dropout is not None
    np.testing.assert_array_equal(cache.dropped, cache.weights * cache.dropout.mask)
    assert (cache.dropped == 0).any()
    np.testing.assert_allclose(cache.weights.sum(-1), 1)
    for n in range(BATCH):
        alone = scaled_dot_product_attention(
            query[n : n + 1], key[n : n + 1], value[n : n + 1], None, KEYS[n : n + 1], dropout_p=0.4
        )[0]
        np.testing.assert_allclose(alone, context[n : n + 1], rtol=1e-12)


def test_dropout_needs_keys() -> None:
    with pytest.raises(ValueError, match="dropout_p > 0 needs dropout_keys, one per sample"):
        scaled_dot_product_attention(*arrays(), dropout_p=0.1)
    with pytest.raises(ValueError, match=r"dropout expects one key per sample, \(2,\), got \(1,\)"):
        scaled_dot_product_attention(*arrays(), None, KEYS[:1], dropout_p=0.1)


# ---------------------------------------------------------------- errors


def test_errors() -> None:
    query, key, value = arrays()
    with pytest.raises(ValueError, match=r"both need d_k features, got 6 and 7: query \(2, 3, 4, 6\)"):
        scaled_dot_product_attention(query, value, key)
    with pytest.raises(ValueError, match=r"each key has one value, got 5 keys and 4 values"):
        scaled_dot_product_attention(query, key, value[:, :, :4])
    for wrong in (query[0], query[:1], query[0, 0, 0]):
        with pytest.raises(ValueError, match=r"with the same axes in front: query"):
            scaled_dot_product_attention(wrong, key, value)
    with pytest.raises(ValueError, match=r"there is nothing to attend to: .* key \(2, 3, 0, 6\)"):
        scaled_dot_product_attention(query, key[:, :, :0], value[:, :, :0])
    with pytest.raises(ValueError, match=r"last of the key positions, but there are 4 queries and 2 keys"):
        scaled_dot_product_attention(query, key[:, :, :2], value[:, :, :2], causal=True)
    with pytest.raises(TypeError, match=r"of one dtype, got float64, float32 and float64"):
        scaled_dot_product_attention(query, key.astype("float32"), value)


def test_errors_of_masks() -> None:
    for wrong in (np.ones((TARGET, TARGET), bool), np.ones((1, *SHAPE), bool), np.ones((2, 1, SOURCE), bool)):
        with pytest.raises(ValueError, match=r"does not broadcast to the scores .* \(2, 3, 4, 5\)"):
            scaled_dot_product_attention(*arrays(), wrong)
    for dtype in ("int64", "float32"):
        message = f"expects a mask of booleans, or one to be added, .* float64, got {dtype}: convert it"
        with pytest.raises(TypeError, match=message):
            scaled_dot_product_attention(*arrays(), np.ones((TARGET, SOURCE), dtype))
    for number in (np.nan, np.inf):
        mask = np.zeros((TARGET, SOURCE))
        mask[1, 2] = number
        with pytest.raises(ValueError, match=r"holds numbers or -inf, got NaN or \+inf"):
            scaled_dot_product_attention(*arrays(), mask)
    for p in (-0.1, 1.1):
        with pytest.raises(ValueError, match="dropout_p is from 0 to 1"):
            scaled_dot_product_attention(*arrays(), dropout_p=p)
