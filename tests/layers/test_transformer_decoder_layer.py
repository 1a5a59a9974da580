"""A layer of the decoder: the protocol, PyTorch, both attentions, the memory's gradient, decoding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal

from chainrule.layers import TransformerDecoderLayer, manual_seed

from .attention_cases import (
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

both_orders = pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])
PADDING = {"tgt_key_padding_mask": TGT_PADDING, "memory_key_padding_mask": MEMORY_PADDING}
MEMORY_MASK = ~np.tri(TARGET, SOURCE, 1, dtype=bool)


def decoder_layer(**options: Any) -> TransformerDecoderLayer:
    manual_seed(5)
    options = {"dropout": 0.0, "dtype": "float64"} | options
    return shaken(TransformerDecoderLayer(D_MODEL, HEADS, 7, **options))


# ---------------------------------------------------------------- the protocol


@both_orders
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"activation": "gelu", "bias": False},
        {"dropout": 0.2, "attention_dropout": 0.3, "activation_dropout": 0.1},
        {"d_k": 4, "d_v": 5, "rotary": True},
    ],
    ids=["plain", "gelu, no bias", "dropout", "rotary"],
)
def test_the_protocol_holds(options: dict[str, Any], norm_first: bool) -> None:
    masks = PADDING | {"tgt_is_causal": True}
    check_layer(decoder_layer(norm_first=norm_first, **options), TGT, MEMORY, kwargs=masks, limit=15)


# ---------------------------------------------------------------- PyTorch


@both_orders
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_pytorch_agrees(activation: str, norm_first: bool) -> None:
    options = {"dropout": 0.0, "activation": activation, "norm_first": norm_first, "layer_norm_eps": 1e-3}
    ours = TransformerDecoderLayer(D_MODEL, HEADS, 7, **options)
    compare_layer(ours, torch_layer("TransformerDecoderLayer", D_MODEL, HEADS, 7, **options), TGT, MEMORY)


@both_orders
@pytest.mark.parametrize("memory_mask", [None, MEMORY_MASK], ids=["", "memory masked"])
def test_pytorch_agrees_with_masks_and_without_bias(memory_mask: Any, norm_first: bool) -> None:
    options = {"dropout": 0.0, "norm_first": norm_first, "bias": False}
    masks = PADDING | {"tgt_mask": LATER, "memory_mask": memory_mask}
    given = {name: tensor(mask) for name, mask in masks.items() if mask is not None}
    compare_layer(
        TransformerDecoderLayer(D_MODEL, HEADS, 7, **options),
        torch_layer("TransformerDecoderLayer", D_MODEL, HEADS, 7, **options),
        TGT,
        MEMORY,
        kwargs=masks,
        call=lambda module, *inputs: module(*inputs, **given),
    )


# ---------------------------------------------------------------- what a layer promises


def test_the_target_is_read_in_order_and_the_memory_as_a_whole() -> None:
    layer = decoder_layer()
    y = layer(TGT, MEMORY, tgt_is_causal=True)
    later, other = TGT.copy(), MEMORY.copy()
    later[:, 2] += 1
    other[:, -1] += 1
    changed = (layer(later, MEMORY, tgt_is_causal=True) != y).any((0, 2))
    assert changed.tolist() == [False, False, True, True]
    assert (layer(TGT, other, tgt_is_causal=True) != y).any((0, 2)).all()


@both_orders
def test_padding_of_both_and_the_other_samples_change_nothing(norm_first: bool) -> None:
    layer = decoder_layer(norm_first=norm_first)
    y, cache = layer.forward(TGT, MEMORY, tgt_is_causal=True, **PADDING)
    for n, (target, source) in enumerate(((2, 5), (4, 2), (3, 4))):
        alone = layer(TGT[n : n + 1, :target], MEMORY[n : n + 1, :source], tgt_is_causal=True)
        np.testing.assert_allclose(alone[0], y[n, :target], rtol=1e-11)
    dtgt, dmemory = layer.backward(normal(*y.shape), cache)
    assert not dmemory[MEMORY_PADDING].any()
    assert dmemory[~MEMORY_PADDING].any(-1).all()
    assert dtgt.any(-1).all()


def test_the_memory_is_key_and_value_and_gets_both_gradients() -> None:
    layer = decoder_layer()
    dy = normal(*TGT.shape, seed=1)
    _, cache = layer.forward(TGT, MEMORY)
    _, dmemory = layer.backward(dy, cache)
    received: list[Any] = []
    backward = layer.multihead_attn.backward

    def listening(*args: Any) -> Any:
        received.append(backward(*args))
        return received[-1]

    layer.multihead_attn.backward = listening  # type: ignore[method-assign]
    layer.backward(dy, cache)
    _, dkey, dvalue = received[0]
    assert dkey.any()
    assert dvalue.any()
    np.testing.assert_array_equal(dmemory, dkey + dvalue)


@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"rotary": True, "d_k": 4}], ids=str)
def test_kept_keys_and_values_give_what_recomputing_gives(options: dict[str, Any]) -> None:
    layer = decoder_layer(**options)
    whole = layer(TGT, MEMORY, tgt_is_causal=True, memory_key_padding_mask=MEMORY_PADDING)
    past, pieces = None, []
    for t in range(TARGET):
        y, cache = layer.forward(
            TGT[:, t : t + 1],
            MEMORY if past is None else None,  # its keys and values were kept
            tgt_is_causal=True,
            memory_key_padding_mask=MEMORY_PADDING,
            past=past,
        )
        past = cache.past
        pieces.append(y)
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, rtol=1e-11)
    assert past.self_attn.length == TARGET
    assert past.multihead_attn.length == SOURCE


def test_only_self_attention_is_rotary() -> None:
    layer = decoder_layer(rotary=True, d_k=4)
    assert layer.self_attn.rotary
    assert not layer.multihead_attn.rotary


def test_evaluation_mode_reaches_every_part() -> None:
    layer = decoder_layer(dropout=0.5)
    np.testing.assert_array_equal(layer.eval()(TGT, MEMORY), decoder_layer()(TGT, MEMORY))


def test_each_kind_of_dropout_has_its_probability() -> None:
    layer = decoder_layer(dropout=0.5, attention_dropout=0.2, activation_dropout=0.1)
    assert [layer.dropout1.p, layer.dropout2.p, layer.dropout3.p] == [0.5, 0.5, 0.5]
    assert [layer.self_attn.dropout, layer.multihead_attn.dropout] == [0.2, 0.2]
    assert layer.feed_forward.dropout.p == 0.1
