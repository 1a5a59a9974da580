"""Multi-head attention: the protocol, PyTorch, masks, heads, kept keys and values, rotary positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import MultiheadAttention, manual_seed, randomness
from chainrule.layers.heads import KeysAndValues, merge_heads, split_heads

from .attention_cases import (
    BATCH,
    D_MODEL,
    HEADS,
    LATER,
    MEMORY,
    MEMORY_PADDING,
    SOURCE,
    TARGET,
    TGT,
    TGT_PADDING,
    shaken,
    tensor,
    torch_layer,
)

KEY, VALUE = normal(BATCH, SOURCE, 7, seed=2), normal(BATCH, SOURCE, 3, seed=3)
OTHER_SIZES = {"kdim": 7, "vdim": 3}


def attention(**options: Any) -> MultiheadAttention:
    manual_seed(3)
    return shaken(MultiheadAttention(D_MODEL, HEADS, dtype="float64", **options))


def call(**options: Any) -> Any:
    """PyTorch's output alone."""
    return lambda module, *inputs: module(*inputs, need_weights=False, **options)[0]


# ---------------------------------------------------------------- the protocol


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bias": False},
        {"d_k": 4, "d_v": 5},
        {"d_v": 1, "scale": 0.3},
        {"dropout": 0.3},
    ],
    ids=str,
)
def test_the_protocol_holds(options: dict[str, Any]) -> None:
    masks = {"key_padding_mask": MEMORY_PADDING}
    check_layer(attention(**options), TGT, MEMORY, MEMORY + 1, kwargs=masks, limit=25)


@pytest.mark.parametrize("bias", [True, False])
def test_the_protocol_holds_where_query_key_and_value_have_different_sizes(bias: bool) -> None:
    layer = attention(bias=bias, d_k=4, d_v=5, **OTHER_SIZES)
    check_layer(layer, TGT, KEY, VALUE, limit=25)


@pytest.mark.parametrize("options", [{"is_causal": True}, {"attn_mask": LATER}], ids=str)
def test_the_protocol_holds_in_causal_order(options: dict[str, Any]) -> None:
    other = normal(*TGT.shape, seed=5)
    check_layer(attention(rotary=True, d_k=4), TGT, other, other + 1, kwargs=options, limit=25)


def test_query_key_and_value_of_self_attention_add_up_to_the_gradient_of_one() -> None:
    """Measured: x moves the output through all three."""
    layer, dy = attention(), normal(BATCH, TARGET, D_MODEL, seed=4)
    dx = np.sum(layer.backward(dy, layer.forward(TGT, TGT, TGT)[1]), axis=0)
    direction, step = normal(*TGT.shape, seed=5), 1e-5
    ahead, behind = (layer(x, x, x) for x in (TGT + step * direction, TGT - step * direction))
    assert (dx * direction).sum() == pytest.approx(((ahead - behind) * dy).sum() / (2 * step), rel=1e-7)


# ---------------------------------------------------------------- PyTorch


@pytest.mark.parametrize("bias", [True, False])
def test_pytorch_agrees(bias: bool) -> None:
    ours, theirs = MultiheadAttention(6, 2, bias=bias), torch_layer("MultiheadAttention", 6, 2, bias=bias)
    compare_layer(ours, theirs, TGT, MEMORY, MEMORY + 1, call=call())


def test_pytorch_agrees_where_query_key_and_value_have_different_sizes() -> None:
    theirs = torch_layer("MultiheadAttention", 6, 3, **OTHER_SIZES)
    compare_layer(MultiheadAttention(6, 3, **OTHER_SIZES), theirs, TGT, KEY, VALUE, call=call())


MASKS: dict[str, dict[str, Any]] = {
    "padding": {"key_padding_mask": MEMORY_PADDING},
    "for all": {"attn_mask": normal(TARGET, SOURCE, seed=1) > 0.5},
    "for each head": {"attn_mask": normal(BATCH * HEADS, TARGET, SOURCE, seed=2) > 0.7},
    "added": {"attn_mask": normal(BATCH * HEADS, TARGET, SOURCE, seed=2)},
    "both": {"key_padding_mask": MEMORY_PADDING, "attn_mask": ~np.tri(TARGET, SOURCE, 1, dtype=bool)},
}


@pytest.mark.parametrize("masks", MASKS.values(), ids=MASKS)
def test_pytorchs_masks_agree(masks: dict[str, Any]) -> None:
    ours, theirs = MultiheadAttention(6, 2), torch_layer("MultiheadAttention", 6, 2)
    given = {name: tensor(mask) for name, mask in masks.items()}
    tolerances = {"float64": 1e-10}  # an added mask is float64
    compare_layer(
        ours, theirs, TGT, MEMORY, MEMORY + 1, kwargs=masks, call=call(**given), tolerances=tolerances
    )


def test_boolean_and_added_masks_go_together() -> None:
    layer, added = attention(), normal(TARGET, SOURCE, seed=1)
    mixed = layer(TGT, MEMORY, MEMORY, key_padding_mask=MEMORY_PADDING, attn_mask=added)
    as_numbers = np.where(MEMORY_PADDING, -np.inf, 0.0)
    both_added = layer(TGT, MEMORY, MEMORY, key_padding_mask=as_numbers, attn_mask=added)
    np.testing.assert_array_equal(mixed, both_added)
    assert (mixed != layer(TGT, MEMORY, MEMORY, attn_mask=added)).any()


def test_a_mask_for_each_head_may_have_an_axis_for_them() -> None:
    layer, mask = attention(), normal(BATCH * HEADS, TARGET, SOURCE, seed=2) > 0.7
    four = mask.reshape(BATCH, HEADS, TARGET, SOURCE)
    np.testing.assert_array_equal(
        layer(TGT, MEMORY, MEMORY, attn_mask=mask), layer(TGT, MEMORY, MEMORY, attn_mask=four)
    )


@pytest.mark.parametrize("average", [True, False])
def test_pytorchs_weights_agree(average: bool) -> None:
    torch = torch_or_skip()
    theirs = torch_layer("MultiheadAttention", 6, 2).double()
    ours = MultiheadAttention(6, 2, dtype="float64")
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    masks = {"key_padding_mask": MEMORY_PADDING}
    options = {"need_weights": True, "average_attn_weights": average}
    output, weights = ours(TGT, MEMORY, MEMORY, **masks, **options)
    with torch.no_grad():
        expected = theirs(
            *map(tensor, (TGT, MEMORY, MEMORY)), key_padding_mask=tensor(MEMORY_PADDING), **options
        )
    np.testing.assert_allclose(output, expected[0], rtol=1e-10)
    np.testing.assert_allclose(weights, expected[1], rtol=1e-10)


def test_it_begins_as_pytorchs_does() -> None:
    manual_seed(0)
    layer = MultiheadAttention(60, 4)
    for weight, fans in ((layer.in_proj_weight, 240), (layer.out_proj.weight, None)):
        bound = np.sqrt(6 / fans) if fans else 1 / np.sqrt(60)
        assert 0.98 * bound < abs(weight.data).max() <= bound
    assert not layer.in_proj_bias.data.any()
    assert not layer.out_proj.bias.data.any()


# ---------------------------------------------------------------- masks and order


def test_padded_keys_change_nothing_and_get_nothing() -> None:
    layer = attention()
    y, cache = layer.forward(TGT, MEMORY, MEMORY, key_padding_mask=MEMORY_PADDING)
    changed = np.where(MEMORY_PADDING[..., None], 99.0, MEMORY)
    np.testing.assert_array_equal(layer(TGT, changed, changed, key_padding_mask=MEMORY_PADDING), y)
    _, dkey, dvalue = layer.backward(normal(*y.shape), cache)
    for gradient in (dkey, dvalue):
        assert not gradient[MEMORY_PADDING].any()
        assert gradient[~MEMORY_PADDING].all()


def test_samples_do_not_hear_of_each_other_nor_of_how_far_they_are_padded() -> None:
    layer = attention()
    together = layer(TGT, MEMORY, MEMORY, key_padding_mask=MEMORY_PADDING)
    for n, length in enumerate((5, 2, 4)):
        memory = MEMORY[n : n + 1, :length]
        np.testing.assert_allclose(layer(TGT[n : n + 1], memory, memory)[0], together[n], rtol=1e-11)


def test_causal_order_needs_no_mask() -> None:
    layer = attention()
    y = layer(TGT, TGT, TGT, is_causal=True)
    np.testing.assert_array_equal(y, layer(TGT, TGT, TGT, attn_mask=LATER))
    later = TGT.copy()
    later[:, 2] += 1
    changed = (layer(later, later, later, is_causal=True) != y).any((0, 2))
    assert changed.tolist() == [False, False, True, True]


def test_a_query_that_may_look_at_nothing_gets_the_bias_and_hands_nothing_back() -> None:
    layer = attention()
    padding = MEMORY_PADDING.copy()
    padding[1] = True
    y, cache = layer.forward(TGT, MEMORY, MEMORY, key_padding_mask=padding)
    np.testing.assert_array_equal(y[1], np.broadcast_to(layer.out_proj.bias.data, y[1].shape))
    gradients = layer.backward(normal(*y.shape), cache)
    for gradient in gradients:
        assert not gradient[1].any()
        assert gradient[0].any()
    assert all(np.isfinite(parameter.grad).all() for parameter in layer.parameters())


# ---------------------------------------------------------------- heads


def test_heads_are_cut_from_the_features_and_not_from_time() -> None:
    x = normal(2, 3, 8)
    heads = split_heads(x, 4)
    assert heads.shape == (2, 4, 3, 2)
    for head in range(4):
        np.testing.assert_array_equal(heads[:, head], x[..., 2 * head : 2 * head + 2])
    np.testing.assert_array_equal(merge_heads(heads), x)


def test_d_k_and_d_v_are_sizes_of_their_own() -> None:
    layer = MultiheadAttention(6, 4, d_k=3, d_v=5)
    shapes = {name: parameter.shape for name, parameter in layer.named_parameters()}
    assert shapes == {
        "in_proj_weight": (4 * (3 + 3 + 5), 6),
        "in_proj_bias": (44,),
        "out_proj.weight": (6, 20),
        "out_proj.bias": (6,),
    }


def test_the_weights_of_each_head_sum_to_1_and_differ() -> None:
    y, weights = attention()(TGT, MEMORY, MEMORY, need_weights=True, average_attn_weights=False)
    assert y.shape == TGT.shape
    np.testing.assert_allclose(weights.sum(-1), 1)
    assert abs(weights[:, 0] - weights[:, 1]).max() > 0.1


def test_no_gradient_comes_back_through_the_weights() -> None:
    layer = attention()
    (y, weights), cache = layer.forward(TGT, MEMORY, MEMORY, need_weights=True)
    dy = normal(*y.shape)
    for got, expected in zip(layer.backward((dy, None), cache), layer.backward(dy, cache), strict=True):
        np.testing.assert_array_equal(got, expected)
    with pytest.raises(ValueError, match="weights are to be looked at, no gradient comes back through them"):
        layer.backward((dy, weights), cache)


# ---------------------------------------------------------------- past


@pytest.mark.parametrize("rotary", [False, True])
def test_kept_keys_and_values_give_what_recomputing_gives(rotary: bool) -> None:
    layer = attention(rotary=rotary, d_k=4)
    whole = layer(TGT, TGT, TGT, is_causal=True, key_padding_mask=TGT_PADDING)
    past, pieces = None, []
    for start, end in ((0, 2), (2, 3), (3, 4)):
        x = TGT[:, start:end]
        y, cache = layer.forward(x, x, x, is_causal=True, past=past, key_padding_mask=TGT_PADDING[:, :end])
        past = cache.past
        pieces.append(y)
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, rtol=1e-12)
    assert past.length == TARGET
    assert past.key.shape == (BATCH, HEADS, TARGET, 4)
    assert past.value.shape == (BATCH, HEADS, TARGET, 3)


def test_a_memory_is_looked_at_again_without_being_given_again() -> None:
    layer = attention()
    first, cache = layer.forward(TGT, MEMORY, MEMORY, key_padding_mask=MEMORY_PADDING)
    kept = cache.past
    again, cache = layer.forward(TGT, None, None, past=kept, key_padding_mask=MEMORY_PADDING)
    np.testing.assert_array_equal(again, first)
    assert cache.past.key is kept.key  # nothing was copied


def test_what_was_kept_is_not_changed() -> None:
    layer = attention()
    past = layer.forward(TGT, TGT, TGT)[1].past
    before = [part.copy() for part in past]
    layer.forward(TGT, TGT, TGT, past=past)
    for part, kept in zip(past, before, strict=True):
        np.testing.assert_array_equal(part, kept)


def test_decoding_has_no_backward() -> None:
    layer = attention()
    y, cache = layer.forward(TGT, TGT, TGT)
    for new in (TGT, None):
        _, with_past = layer.forward(TGT, new, new, past=cache.past)
        with pytest.raises(ValueError, match="past is for decoding, which has no backward: give the whole"):
            layer.backward(y, with_past)


# ---------------------------------------------------------------- rotary, dropout


def test_rotary_scores_depend_on_the_distance_alone() -> None:
    """One vector at every position: without positions all weights of a row are equal, with them row t + 1 is
    row t, moved on.
    """
    x = np.repeat(normal(1, 1, D_MODEL), 5, axis=1)
    options = {"need_weights": True, "average_attn_weights": False}
    _, plain = attention(d_k=4)(x, x, x, **options)
    np.testing.assert_allclose(plain, 0.2)
    scores = np.log(attention(d_k=4, rotary=True)(x, x, x, **options)[1][0, 0])
    for distance in (-1, 1, 2):
        differences = np.diagonal(scores, distance) - np.diagonal(scores)[: 5 - abs(distance)]
        if distance > 0:
            np.testing.assert_allclose(differences, differences[0], rtol=1e-9)
            assert abs(differences[0]) > 1e-3


def test_dropout_is_of_the_weights_new_at_every_forward_and_off_at_evaluation() -> None:
    layer, plain = attention(dropout=0.4), attention()
    with randomness(seed=1):
        y, cache = layer.forward(TGT, MEMORY, MEMORY)
        other = layer(TGT, MEMORY, MEMORY)
    assert (cache.attention.dropped == 0).any()
    assert cache.weights.all()
    assert (y != other).any()
    np.testing.assert_array_equal(layer.eval()(TGT, MEMORY, MEMORY), plain(TGT, MEMORY, MEMORY))


# ---------------------------------------------------------------- construction and errors


def test_repr_shows_what_is_not_the_default() -> None:
    assert repr(MultiheadAttention(6, 2)).splitlines()[0] == "MultiheadAttention(6, 2"
    shown = "MultiheadAttention(6, 2, kdim=7, d_k=4, dropout=0.1, rotary=True"
    assert repr(MultiheadAttention(6, 2, 0.1, kdim=7, d_k=4, rotary=True)).splitlines()[0] == shown


def test_errors_of_construction() -> None:
    with pytest.raises(ValueError, match="num_heads must be at least 1, got 0"):
        MultiheadAttention(6, 0)
    with pytest.raises(ValueError, match="embed_dim 6 cannot be dealt out to 4 heads: choose another"):
        MultiheadAttention(6, 4, d_k=3)
    with pytest.raises(ValueError, match=r"dropout is a probability, from 0 to 1, got 1\.5"):
        MultiheadAttention(6, 2, 1.5)
    with pytest.raises(ValueError, match="rotary turns pairs of features, got d_k 3"):
        MultiheadAttention(6, 2, rotary=True)
    with pytest.raises(ValueError, match=r"kdim 0, .* must be at least 1"):
        MultiheadAttention(6, 2, kdim=0)


def test_errors_of_inputs() -> None:
    layer = attention()
    message = r"expects key \(batch 3, time, features 6\), got key \(batch 3, time 5, features 7\)"
    with pytest.raises(ValueError, match=message):
        layer(TGT, KEY, MEMORY)
    with pytest.raises(ValueError, match=r"expects value \(batch 3, time, features 6\), got value \(batch 2"):
        layer(TGT, MEMORY, MEMORY[:2])
    with pytest.raises(ValueError, match=r"expects query .*, got query \(4, 6\)"):
        layer(TGT[0], MEMORY, MEMORY)
    with pytest.raises(ValueError, match=r"each key has one value, got 5 keys and 4 values"):
        layer(TGT, MEMORY, MEMORY[:, :4])
    past = layer.forward(TGT, TGT, TGT)[1].past
    for key, value, given in ((None, MEMORY, past), (MEMORY, None, past), (None, None, None)):
        with pytest.raises(ValueError, match="needs key and value, both, or neither of them and past"):
            layer(TGT, key, value, past=given)
    with pytest.raises(ValueError, match=r"expects past of \(batch 3, heads 2, time, d_k\), got past.key"):
        layer(TGT, TGT, TGT, past=KeysAndValues(past.key[:2], past.value[:2]))
    for new in (MEMORY, None):
        with pytest.raises(ValueError, match="rotary is for self-attention"):
            attention(rotary=True, d_k=4)(TGT, new, new, past=past)
    with pytest.raises(TypeError, match="linear expects an input of the weight's dtype float64"):
        layer(*(array.astype("float32") for array in (TGT, MEMORY, MEMORY)))
