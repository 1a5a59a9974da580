"""The encoder: the protocol, PyTorch, the final norm, steps with kept keys and values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import TransformerEncoder, manual_seed

from .attention_cases import D_MODEL, HEADS, LATER, TARGET, TGT, TGT_PADDING, shaken, shaken_torch, tensor


def encoder(num_layers: int = 3, **options: Any) -> TransformerEncoder:
    manual_seed(6)
    options = {"dim_feedforward": 7, "dropout": 0.0, "dtype": "float64"} | options
    return shaken(TransformerEncoder(D_MODEL, HEADS, num_layers, **options))


def torch_encoder(num_layers: int, final_norm: bool, **options: Any) -> Any:
    nn = torch_or_skip().nn
    layer = nn.TransformerEncoderLayer(D_MODEL, HEADS, 7, 0.0, batch_first=True, **options)
    norm = nn.LayerNorm(D_MODEL) if final_norm else None
    return shaken_torch(nn.TransformerEncoder(layer, num_layers, norm, enable_nested_tensor=False))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"norm_first": True},
        {"final_norm": True, "dropout": 0.2},
        {"norm_first": True, "rotary": True, "d_k": 4},
    ],
    ids=str,
)
def test_the_protocol_holds(options: dict[str, Any]) -> None:
    masks = {"src_key_padding_mask": TGT_PADDING, "is_causal": True}
    check_layer(encoder(**options), TGT, kwargs=masks, limit=6)


@pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])
@pytest.mark.parametrize("final_norm", [False, True], ids=["", "final norm"])
def test_pytorch_agrees(norm_first: bool, final_norm: bool) -> None:
    ours = encoder(2, norm_first=norm_first, final_norm=final_norm)
    theirs = torch_encoder(2, final_norm, norm_first=norm_first, activation="relu")
    masks = {"mask": LATER, "src_key_padding_mask": TGT_PADDING}
    given = {name: tensor(mask) for name, mask in masks.items()}
    compare_layer(ours, theirs, TGT, kwargs=masks, call=lambda module, x: module(x, **given))


def test_the_final_norm_is_there_where_it_is_needed() -> None:
    assert encoder().norm is None
    assert encoder(norm_first=True).norm is not None
    assert encoder(norm_first=True, final_norm=False).norm is None
    assert encoder(final_norm=True).norm is not None


def test_every_layer_begins_with_weights_of_its_own() -> None:
    first, second, third = (layer.feed_forward.linear1.weight.data for layer in encoder().layers)
    assert (first != second).all()
    assert (second != third).all()


def test_each_layer_is_handed_what_its_successor_returned() -> None:
    model = encoder(3)
    _, cache = model.forward(TGT)
    dy = normal(*TGT.shape, seed=1)
    dx = model.backward(dy, cache)
    expected = dy
    for layer, layer_cache in zip(model.layers[::-1], cache.layers[::-1], strict=True):
        expected = layer.backward(expected, layer_cache)
    np.testing.assert_array_equal(dx, expected)


@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"rotary": True, "d_k": 4}], ids=str)
def test_steps_give_what_the_whole_sequence_gives(options: dict[str, Any]) -> None:
    model = encoder(**options)
    whole = model(TGT, is_causal=True)
    y, past = model.step(TGT[:, :2])
    np.testing.assert_allclose(y, whole[:, :2], rtol=1e-10)
    for t in range(2, TARGET):
        y, past = model.step(TGT[:, t : t + 1], past)
        np.testing.assert_allclose(y[:, 0], whole[:, t], rtol=1e-10)
    assert len(past) == 3


def test_steps_take_a_mask_of_all_positions() -> None:
    """Prompts of different lengths, padded in front."""
    model, padding = encoder(), np.arange(TARGET) < np.array([2, 0, 1])[:, None]
    first, past = model.step(TGT[:, :3], None, padding[:, :3])
    last, _ = model.step(TGT[:, 3:], past, padding)
    for n, skipped in enumerate((2, 0, 1)):
        alone = model(TGT[n : n + 1, skipped:], is_causal=True)
        np.testing.assert_allclose(alone[0, -1], last[n, 0], rtol=1e-10)
        np.testing.assert_allclose(alone[0, :-1], first[n, skipped:], rtol=1e-10)


def test_no_layers_are_an_error() -> None:
    with pytest.raises(ValueError, match="TransformerEncoder: num_layers must be at least 1, got 0"):
        encoder(0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'droput'"):
        encoder(droput=0.1)
