"""The decoder, and the encoder with it: the protocol, PyTorch, the memory's gradient, decoding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import Sequential, TransformerDecoder, TransformerEncoder, manual_seed
from chainrule.training import Adam

from .attention_cases import (
    D_MODEL,
    HEADS,
    LATER,
    MEMORY,
    MEMORY_PADDING,
    TARGET,
    TGT,
    TGT_PADDING,
    shaken,
    shaken_torch,
    tensor,
    torch_layer,
)

PADDING = {"tgt_key_padding_mask": TGT_PADDING, "memory_key_padding_mask": MEMORY_PADDING}


def decoder(num_layers: int = 3, **options: Any) -> TransformerDecoder:
    manual_seed(7)
    options = {"dim_feedforward": 7, "dropout": 0.0, "dtype": "float64"} | options
    return shaken(TransformerDecoder(D_MODEL, HEADS, num_layers, **options))


def torch_decoder(num_layers: int, final_norm: bool, **options: Any) -> Any:
    nn = torch_or_skip().nn
    layer = nn.TransformerDecoderLayer(D_MODEL, HEADS, 7, 0.0, batch_first=True, **options)
    return shaken_torch(
        nn.TransformerDecoder(layer, num_layers, nn.LayerNorm(D_MODEL) if final_norm else None)
    )


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
    masks = PADDING | {"tgt_is_causal": True}
    check_layer(decoder(2, **options), TGT, MEMORY, kwargs=masks, limit=6)


@pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])
@pytest.mark.parametrize("final_norm", [False, True], ids=["", "final norm"])
def test_pytorch_agrees(norm_first: bool, final_norm: bool) -> None:
    ours = decoder(2, norm_first=norm_first, final_norm=final_norm)
    theirs = torch_decoder(2, final_norm, norm_first=norm_first)
    masks = PADDING | {"tgt_mask": LATER}
    given = {name: tensor(mask) for name, mask in masks.items()}
    compare_layer(ours, theirs, TGT, MEMORY, kwargs=masks, call=lambda module, *x: module(*x, **given))


@pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])
def test_twenty_steps_end_where_those_of_pytorchs_transformer_do(norm_first: bool) -> None:
    """Encoder and decoder, by Adam, with ragged padding on both sides."""
    torch = torch_or_skip()
    theirs = torch_layer("Transformer", D_MODEL, HEADS, 2, 3, 7, dropout=0.0, norm_first=norm_first).double()
    options = {"dim_feedforward": 7, "dropout": 0.0, "norm_first": norm_first, "final_norm": True}
    encoder = TransformerEncoder(D_MODEL, HEADS, 2, dtype="float64", **options)
    decoder = TransformerDecoder(D_MODEL, HEADS, 3, dtype="float64", **options)
    model = Sequential({"encoder": encoder, "decoder": decoder})  # a container for the parameters
    model.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    optimizer = Adam(model.parameters(), lr=0.02)
    their_optimizer = torch.optim.Adam(theirs.parameters(), lr=0.02)
    for step in range(20):
        src, tgt, target = (
            normal(*like.shape, seed=s + step) for s, like in ((1, MEMORY), (50, TGT), (99, TGT))
        )
        memory, encoder_cache = encoder.forward(src, src_key_padding_mask=MEMORY_PADDING)
        y, decoder_cache = decoder.forward(tgt, memory, tgt_is_causal=True, **PADDING)
        model.zero_grad()
        _, dmemory = decoder.backward(2 * (y - target) / y.size, decoder_cache)
        encoder.backward(dmemory, encoder_cache)
        optimizer.step()
        their_optimizer.zero_grad()
        their_y = theirs(
            tensor(src),
            tensor(tgt),
            tgt_mask=tensor(LATER),
            src_key_padding_mask=tensor(MEMORY_PADDING),
            **{name: tensor(mask) for name, mask in PADDING.items()},
        )
        torch.nn.functional.mse_loss(their_y, tensor(target)).backward()
        their_optimizer.step()
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(model.state_dict()[name], value, rtol=1e-7, atol=1e-9)


def test_the_memory_gets_the_sum_over_all_layers_and_each_layer_its_successors_gradient() -> None:
    model = decoder(3)
    y, cache = model.forward(TGT, MEMORY)
    dy = normal(*y.shape, seed=1)
    dtgt, dmemory = model.backward(dy, cache)
    dx, parts = dy, []
    for layer, layer_cache in zip(model.layers[::-1], cache.layers[::-1], strict=True):
        dx, part = layer.backward(dx, layer_cache)
        parts.append(part)
    np.testing.assert_array_equal(dtgt, dx)
    np.testing.assert_allclose(dmemory, parts[0] + parts[1] + parts[2], rtol=1e-12)
    assert all(np.linalg.norm(part) > 0.01 for part in parts)


@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"rotary": True, "d_k": 4}], ids=str)
def test_steps_give_what_the_whole_sequence_gives(options: dict[str, Any]) -> None:
    model = decoder(**options)
    masks = {"memory_key_padding_mask": MEMORY_PADDING}
    whole = model(TGT, MEMORY, tgt_is_causal=True, **masks)
    past = None
    for t in range(TARGET):
        y, past = model.step(TGT[:, t : t + 1], MEMORY, past, **masks)
        np.testing.assert_allclose(y[:, 0], whole[:, t], rtol=1e-10)
    assert len(past) == 3


def test_steps_take_a_mask_of_all_positions_of_the_target() -> None:
    model, padding = decoder(), np.arange(TARGET) < np.array([2, 0, 1])[:, None]
    first, past = model.step(TGT[:, :3], MEMORY, tgt_key_padding_mask=padding[:, :3])
    last, _ = model.step(TGT[:, 3:], MEMORY, past, tgt_key_padding_mask=padding)
    for n, skipped in enumerate((2, 0, 1)):
        alone = model(TGT[n : n + 1, skipped:], MEMORY[n : n + 1], tgt_is_causal=True)
        np.testing.assert_allclose(alone[0, -1], last[n, 0], rtol=1e-10)
        np.testing.assert_allclose(alone[0, :-1], first[n, skipped:], rtol=1e-10)


def test_what_is_kept_can_be_dealt_out_to_other_rows() -> None:
    """As a beam search does: row n goes on from row rows[n]."""
    model, rows = decoder(), [2, 2, 0]
    _, past = model.step(TGT[:, :3], MEMORY)
    chosen = tuple(
        type(layer)(*(type(kept)(*(part[rows] for part in kept)) for kept in layer)) for layer in past
    )
    y, _ = model.step(TGT[:, 3:], MEMORY[rows], chosen)
    tgt = np.concatenate([TGT[rows, :3], TGT[:, 3:]], axis=1)
    np.testing.assert_allclose(y[:, 0], model(tgt, MEMORY[rows], tgt_is_causal=True)[:, 3], rtol=1e-10)


def test_the_final_norm_is_there_where_it_is_needed() -> None:
    assert decoder().norm is None
    assert decoder(norm_first=True).norm is not None
    assert decoder(final_norm=True).norm is not None


def test_every_layer_begins_with_weights_of_its_own() -> None:
    first, second, _ = (layer.multihead_attn.in_proj_weight.data for layer in decoder().layers)
    assert (first != second).all()


def test_no_layers_are_an_error() -> None:
    with pytest.raises(ValueError, match="TransformerDecoder: num_layers must be at least 1, got 0"):
        decoder(0)
