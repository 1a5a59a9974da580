"""Transformers that decide, over ids and over patches: the protocol, PyTorch, padding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from layers.attention_cases import shaken, shaken_torch
from protocol import check_layer, compare_layer, normal, torch_or_skip

import chainrule
from chainrule.layers import AvgPool2d, default_dtype, manual_seed
from chainrule.models import AllToOne, TransformerClassifier, VisionTransformer, build

IDS = np.array([[5, 2, 2, 0], [1, 5, 3, 6], [4, 0, 0, 0]])  # 2 stands twice in one sample, 5 in two
LENGTHS = np.array([3, 4, 1])
PADDING = np.arange(4) >= LENGTHS[:, None]
IMAGES = normal(2, 3, 6, 6)  # (batch, channels, height, width): 9 patches of 2 x 2
D_MODEL, HEADS, LAYERS, FEED_FORWARD = 6, 2, 2, 7
both_poolings = pytest.mark.parametrize("pooling", ["mean", "first"])


def classifier(**options: Any) -> TransformerClassifier:
    manual_seed(9)
    options = {"dropout": 0.0} | options
    with default_dtype("float64"):
        return shaken(TransformerClassifier(7, 3, D_MODEL, HEADS, LAYERS, FEED_FORWARD, **options))


def vit(**options: Any) -> VisionTransformer:
    manual_seed(9)
    options = {"dropout": 0.0} | options
    with default_dtype("float64"):
        return shaken(VisionTransformer(3, 6, 4, 2, D_MODEL, HEADS, LAYERS, FEED_FORWARD, **options))


# ---------------------------------------------------------------- the protocol


@both_poolings
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dropout": 0.2, "norm_first": False, "positions": "learned", "max_length": 4},
        {"positions": "rotary", "d_k": 4, "activation": "gelu"},
    ],
    ids=str,
)
def test_the_protocol_holds(options: dict[str, Any], pooling: str) -> None:
    check_layer(classifier(pooling=pooling, **options), IDS, LENGTHS, limit=8)


@both_poolings
def test_the_protocol_holds_for_images(pooling: str) -> None:
    check_layer(vit(pooling=pooling, dropout=0.2), IMAGES, limit=8)


@both_poolings
def test_the_protocol_holds_for_what_a_sequence_comes_to(pooling: str) -> None:
    manual_seed(9)
    options = {"dim_feedforward": FEED_FORWARD, "dropout": 0.0}
    with default_dtype("float64"):
        layer = shaken(AllToOne(D_MODEL, HEADS, LAYERS, pooling, **options))
    check_layer(layer, normal(3, 4, D_MODEL), PADDING, limit=10)


# ---------------------------------------------------------------- PyTorch


def torch_all_to_one(pooling: str, activation: str) -> Any:
    torch = torch_or_skip()
    nn = torch.nn

    class TheirAllToOne(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            if pooling == "first":
                self.token = nn.Parameter(torch.zeros(D_MODEL))
            layer = nn.TransformerEncoderLayer(
                D_MODEL, HEADS, FEED_FORWARD, 0.0, activation, norm_first=True, batch_first=True
            )
            norm = nn.LayerNorm(D_MODEL)
            self.encoder = nn.TransformerEncoder(layer, LAYERS, norm, enable_nested_tensor=False)

        def forward(self, x: Any, padding: Any) -> Any:
            if pooling == "first":
                x = torch.cat([self.token.expand(len(x), 1, -1), x], dim=1)
                padding = torch.cat([torch.zeros(len(x), 1, dtype=torch.bool), padding], dim=1)
                return self.encoder(x, src_key_padding_mask=padding)[:, 0]
            h = self.encoder(x, src_key_padding_mask=padding).masked_fill(padding[:, :, None], 0)
            return h.sum(1) / (~padding).sum(1, keepdim=True)

    return TheirAllToOne()


@both_poolings
def test_pytorch_agrees(pooling: str) -> None:
    torch = torch_or_skip()
    nn = torch.nn

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.input = nn.ModuleDict({"embedding": nn.Embedding(7, D_MODEL)})
            self.encoder = torch_all_to_one(pooling, "relu")
            self.output = nn.Linear(D_MODEL, 3)

        def forward(self, ids: Any, lengths: Any) -> Any:
            x = math.sqrt(D_MODEL) * self.input["embedding"](ids)
            return self.output(self.encoder(x, torch.arange(4) >= lengths[:, None]))

    ours = classifier(pooling=pooling, positions="none")
    compare_layer(ours, shaken_torch(Model()), IDS, LENGTHS)


@both_poolings
def test_pytorch_agrees_on_images(pooling: str) -> None:
    torch = torch_or_skip()
    nn = torch.nn

    class Positions(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(9, D_MODEL))

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, D_MODEL, 2, stride=2)
            self.positions = Positions()
            self.encoder = torch_all_to_one(pooling, "gelu")
            self.output = nn.Linear(D_MODEL, 4)

        def forward(self, images: Any) -> Any:
            x = self.patches(images).flatten(2).transpose(1, 2) + self.positions.weight
            return self.output(self.encoder(x, torch.zeros(x.shape[:2], dtype=torch.bool)))

    compare_layer(vit(pooling=pooling), shaken_torch(Model()), IMAGES)


# ---------------------------------------------------------------- padding


@both_poolings
@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_padding_changes_nothing(pooling: str, positions: str) -> None:
    """Other ids in the padding, more of it, or each sample alone: the same logits and gradients."""
    model = classifier(pooling=pooling, positions=positions, d_k=4)
    logits, cache = model.forward(IDS, LENGTHS)
    dlogits = normal(*logits.shape, seed=1)
    model.backward(dlogits, cache)
    expected = {name: parameter.grad.copy() for name, parameter in model.named_parameters()}

    def assert_the_same_gradients() -> None:
        for name, parameter in model.named_parameters():
            np.testing.assert_allclose(parameter.grad, expected[name], rtol=1e-9, atol=1e-12, err_msg=name)
        model.zero_grad()

    model.zero_grad()
    longer = np.concatenate([np.where(PADDING, 6, IDS), np.full((3, 2), 4)], axis=1)
    again, cache = model.forward(longer, LENGTHS)
    np.testing.assert_allclose(again, logits, rtol=1e-10)
    model.backward(dlogits, cache)
    assert_the_same_gradients()

    for n, length in enumerate(LENGTHS):
        alone, cache = model.forward(IDS[n : n + 1, :length])
        np.testing.assert_allclose(alone[0], logits[n], rtol=1e-10)
        model.backward(dlogits[n : n + 1], cache)
    assert_the_same_gradients()


@both_poolings
def test_a_padding_id_says_the_same_as_lengths(pooling: str) -> None:
    by_id, by_lengths = classifier(pooling=pooling, pad_id=0), classifier(pooling=pooling)
    np.testing.assert_array_equal(by_id(IDS), by_lengths(IDS, LENGTHS))
    assert (by_lengths(IDS)[[0, 2]] != by_id(IDS)[[0, 2]]).all()
    np.testing.assert_array_equal(by_id(IDS, np.array([4, 4, 4])), by_lengths(IDS))  # lengths come first


def test_the_mean_is_over_valid_positions() -> None:
    model = classifier()
    y, cache = model.encoder.forward(model.input(IDS), PADDING)
    h = model.encoder.encoder(model.input(IDS), src_key_padding_mask=PADDING)
    for n, length in enumerate(LENGTHS):
        np.testing.assert_allclose(y[n], h[n, :length].mean(0), rtol=1e-12)
    np.testing.assert_allclose(cache.share.sum(1), 1)


def test_without_positions_the_order_does_not_matter() -> None:
    model, turned = classifier(positions="none"), IDS[:, ::-1]
    np.testing.assert_allclose(model(turned), model(IDS), rtol=1e-10)
    assert (classifier()(turned) != classifier()(IDS)).all()


# ---------------------------------------------------------------- images


def test_a_patch_is_a_square_and_patches_count_by_rows() -> None:
    model = vit()
    conv = model.patches
    conv.weight.data[...] = 0.25 / 3  # of 2 x 2 pixels and 3 channels: their mean
    assert conv.bias is not None
    conv.bias.data[...] = 0
    received: list[Any] = []
    forward = model.positions.forward

    def listening(x: Any) -> Any:
        received.append(x)
        return forward(x)

    model.positions.forward = listening  # type: ignore[method-assign]
    model(IMAGES)
    means = AvgPool2d(2)(IMAGES.mean(1, keepdims=True)).reshape(2, 9)
    np.testing.assert_allclose(received[0][:, :, 0], means, rtol=1e-10)


def test_images_and_patches_have_to_fit() -> None:
    with pytest.raises(ValueError, match="patches of 4 x 4 do not fill images of 6 x 6: choose a patch that"):
        VisionTransformer(size=6)
    with pytest.raises(ValueError, match=r"images \(batch, channels, 6, 6\), got \(2, 3, 6, 4\)"):
        vit()(IMAGES[..., :4])
    assert isinstance(build("vit", size=8, patch=2), VisionTransformer)


# ---------------------------------------------------------------- errors, the doctor


def test_errors() -> None:
    model = classifier(positions="learned", max_length=3)
    with pytest.raises(ValueError, match="has the positions 0 to 2, got 0 to 3"):
        model(IDS, LENGTHS)
    with pytest.raises(IndexError, match=r"id 7 at .* has no row: there are 7, 0 to 6"):
        classifier()(IDS + 1)
    with pytest.raises(ValueError, match="TransformerClassifier: lengths must be from 1 to 4"):
        classifier()(IDS, np.array([3, 0, 1]))
    with pytest.raises(ValueError, match="TransformerClassifier: sample 2 is nothing but padding"):
        classifier(pad_id=4)(np.array([[1, 4], [2, 3], [4, 4]]))
    with pytest.raises(ValueError, match="no pooling is called 'max': choose one of mean, first"):
        classifier(pooling="max")


@both_poolings
def test_the_doctor_is_silent(pooling: str) -> None:
    manual_seed(9)
    options: dict[str, Any] = {"pooling": pooling}
    for report in (
        chainrule.check(TransformerClassifier(7, 3, 4, 2, 1, 5, **options), IDS, LENGTHS),
        chainrule.check(VisionTransformer(3, 6, 4, 3, 4, 2, 1, 5, **options), IMAGES),
    ):
        assert report.ok, report
