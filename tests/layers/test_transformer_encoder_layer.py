"""A layer of the encoder: the protocol, PyTorch, padding, causal order, kept keys and values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import GELU, TransformerEncoderLayer, manual_seed, randomness
from chainrule.training import SGD

from .attention_cases import (
    BATCH,
    D_MODEL,
    HEADS,
    LATER,
    TARGET,
    TGT,
    TGT_PADDING,
    shaken,
    tensor,
    torch_layer,
)

both_orders = pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])


def encoder_layer(**options: Any) -> TransformerEncoderLayer:
    manual_seed(5)
    options = {"dropout": 0.0, "dtype": "float64"} | options
    return shaken(TransformerEncoderLayer(D_MODEL, HEADS, 7, **options))


# ---------------------------------------------------------------- the protocol


@both_orders
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"activation": "gelu", "bias": False},
        {"dropout": 0.2, "attention_dropout": 0.3, "activation_dropout": 0.1},
        {"d_k": 4, "d_v": 5, "rotary": True, "activation": GELU("tanh")},
    ],
    ids=["plain", "gelu, no bias", "dropout", "rotary"],
)
def test_the_protocol_holds(options: dict[str, Any], norm_first: bool) -> None:
    masks = {"src_key_padding_mask": TGT_PADDING}
    check_layer(encoder_layer(norm_first=norm_first, **options), TGT, kwargs=masks, limit=15)


@both_orders
def test_the_protocol_holds_in_causal_order(norm_first: bool) -> None:
    check_layer(encoder_layer(norm_first=norm_first), TGT, kwargs={"is_causal": True}, limit=15)


# ---------------------------------------------------------------- PyTorch


@both_orders
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_pytorch_agrees(activation: str, norm_first: bool) -> None:
    options = {"dropout": 0.0, "activation": activation, "norm_first": norm_first, "layer_norm_eps": 1e-3}
    ours = TransformerEncoderLayer(D_MODEL, HEADS, 7, **options)
    compare_layer(ours, torch_layer("TransformerEncoderLayer", D_MODEL, HEADS, 7, **options), TGT)


@both_orders
def test_pytorch_agrees_with_masks_and_without_bias(norm_first: bool) -> None:
    options = {"dropout": 0.0, "norm_first": norm_first, "bias": False}
    masks = {"src_mask": LATER, "src_key_padding_mask": TGT_PADDING}
    given = {name: tensor(mask) for name, mask in masks.items()}
    compare_layer(
        TransformerEncoderLayer(D_MODEL, HEADS, 7, **options),
        torch_layer("TransformerEncoderLayer", D_MODEL, HEADS, 7, **options),
        TGT,
        kwargs=masks,
        call=lambda module, x: module(x, **given),
    )


@both_orders
def test_twenty_steps_end_where_pytorchs_do(norm_first: bool) -> None:
    torch = torch_or_skip()
    theirs = torch_layer(
        "TransformerEncoderLayer", D_MODEL, HEADS, 7, dropout=0.0, norm_first=norm_first
    ).double()
    ours = encoder_layer(norm_first=norm_first)
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    optimizer = SGD(ours.parameters(), lr=0.05, momentum=0.9)
    their_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9)
    for step in range(20):
        x, target = normal(*TGT.shape, seed=step), normal(*TGT.shape, seed=step + 100)
        y, cache = ours.forward(x, is_causal=True, src_key_padding_mask=TGT_PADDING)
        ours.zero_grad()
        ours.backward(2 * (y - target) / y.size, cache)
        optimizer.step()
        their_optimizer.zero_grad()
        their_y = theirs(tensor(x), src_mask=tensor(LATER), src_key_padding_mask=tensor(TGT_PADDING))
        torch.nn.functional.mse_loss(their_y, tensor(target)).backward()
        their_optimizer.step()
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], value, rtol=1e-8, atol=1e-10)


def test_defaults_and_names_are_pytorchs() -> None:
    ours, theirs = TransformerEncoderLayer(4, 2), torch_layer("TransformerEncoderLayer", 4, 2)
    shapes = {name: tuple(value.shape) for name, value in theirs.state_dict().items()}
    assert {name: value.shape for name, value in ours.state_dict().items()} == shapes
    assert ours.dropout1.p == ours.dropout2.p == ours.feed_forward.dropout.p == ours.self_attn.dropout == 0.1
    assert not ours.norm_first


# ---------------------------------------------------------------- what a layer promises


@both_orders
def test_padding_and_the_other_samples_change_nothing(norm_first: bool) -> None:
    layer = encoder_layer(norm_first=norm_first)
    together = layer(TGT, src_key_padding_mask=TGT_PADDING)
    for n, length in enumerate((2, 4, 3)):
        alone = layer(TGT[n : n + 1, :length])
        np.testing.assert_allclose(alone[0], together[n, :length], rtol=1e-11)


@both_orders
def test_a_residual_keeps_the_gradient_alive(norm_first: bool) -> None:
    """Where attention and feed-forward part give nothing, what passes them is all there is."""
    layer = encoder_layer(norm_first=norm_first)
    for linear in (layer.self_attn.out_proj, layer.feed_forward.linear2):
        linear.weight.data[...] = 0
    dy = normal(*TGT.shape, seed=1)
    dx = layer.backward(dy, layer.forward(TGT)[1])
    if norm_first:
        np.testing.assert_array_equal(dx, dy)
    assert np.linalg.norm(dx) > 0.1 * np.linalg.norm(dy)


@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"rotary": True, "d_k": 4}], ids=str)
def test_kept_keys_and_values_give_what_recomputing_gives(options: dict[str, Any]) -> None:
    layer = encoder_layer(**options)
    whole = layer(TGT, is_causal=True)
    first, cache = layer.forward(TGT[:, :3], is_causal=True)
    last, cache = layer.forward(TGT[:, 3:], is_causal=True, past=cache.past)
    np.testing.assert_allclose(np.concatenate([first, last], axis=1), whole, rtol=1e-11)
    assert cache.past.length == TARGET


def test_three_kinds_of_dropout_have_three_probabilities() -> None:
    options = {"dropout": 0.5, "attention_dropout": 0.2, "activation_dropout": 0.0}
    layer = encoder_layer(**options)
    assert (layer.dropout1.p, layer.dropout2.p) == (0.5, 0.5)
    assert layer.self_attn.dropout == 0.2
    assert layer.feed_forward.dropout.p == 0.0
    with randomness(seed=0):
        _, cache = layer.forward(TGT)
    masks = cache.self_attn.leave.dropout.mask, cache.feed_forward.leave.dropout.mask
    assert (masks[0] != masks[1]).any()
    layer.eval()
    assert layer.forward(TGT)[1].feed_forward.leave.dropout is None


def test_a_sample_is_dropped_alike_in_a_part_of_the_batch() -> None:
    layer, parts = encoder_layer(dropout=0.4), []
    with randomness(seed=0, step=1):
        whole = layer(TGT)
    for start, stop in ((0, 1), (1, 3)):
        with randomness(seed=0, step=1, first_sample=start):
            parts.append(layer(TGT[start:stop]))
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-11)


def test_evaluation_mode_reaches_every_part() -> None:
    layer = encoder_layer(dropout=0.5)
    np.testing.assert_array_equal(layer.eval()(TGT), encoder_layer()(TGT))


def test_a_replica_shares_weights_and_owns_gradients() -> None:
    layer = encoder_layer()
    twin = layer.replica()
    y, cache = twin.forward(TGT)
    twin.backward(y, cache)
    assert not any(parameter.grad.any() for parameter in layer.parameters())
    layer.add_gradients_of(twin)
    assert all(parameter.grad.any() for parameter in layer.parameters())
    assert y.shape == (BATCH, TARGET, D_MODEL)


def test_repr() -> None:
    shown = repr(TransformerEncoderLayer(4, 2, 7, norm_first=True)).splitlines()
    assert shown[0] == "TransformerEncoderLayer(norm_first=True"
    assert "  (linear1): Linear(4, 7)" in shown


def test_every_name_of_a_parameter_leads_to_it() -> None:
    layer = TransformerEncoderLayer(4, 2, 6)
    for path, parameter in layer.named_parameters():
        found: Any = layer
        for name in path.split("."):
            found = getattr(found, name)
        assert found is parameter, path
