"""The doctor finds nothing in our attention functions, in the layers of the Transformer and in its models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import normal, torch_or_skip

import chainrule
from chainrule import functions
from chainrule.layers import (
    FeedForward,
    LearnedPositionalEncoding,
    MultiheadAttention,
    PositionalEncoding,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from chainrule.models import Seq2SeqTransformer, TransformerClassifier, TransformerLM, VisionTransformer

TGT, MEMORY = normal(2, 4, 6), normal(2, 5, 6, seed=1)  # (batch, time, features)
PADDING = np.array([[False] * 5, [False] * 3 + [True] * 2])
SOURCE_IDS, TARGET_IDS = np.array([[1, 4, 2, 3, 5], [3, 1, 6, 2, 2]]), np.array([[1, 4, 2, 3], [5, 1, 6, 2]])
LENGTHS = np.array([5, 3])
both_orders = pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])


def test_functions() -> None:
    query, key, value = normal(2, 3, 4, 6), normal(2, 3, 5, 6, seed=1), normal(2, 3, 5, 7, seed=2)
    attend = (functions.scaled_dot_product_attention, functions.scaled_dot_product_attention_backward)
    encode = (functions.positional_encoding, functions.positional_encoding_backward)
    rotate = (functions.rotary_embedding, functions.rotary_embedding_backward)
    for report in (
        chainrule.check(attend, query, key, value),
        chainrule.check(attend, query, key, value, ~PADDING[:, None, None]),
        chainrule.check(attend, query, key[:, :, :4], value[:, :, :4], causal=True),
        chainrule.check(encode, TGT),
        chainrule.check(rotate, TGT),
    ):
        assert report.ok, report


def test_attention() -> None:
    for report in (
        chainrule.check(MultiheadAttention(6, 2), TGT, MEMORY, MEMORY + 1),
        chainrule.check(
            MultiheadAttention(6, 2, d_k=4, d_v=5, kdim=7, vdim=3), TGT, normal(2, 5, 7), normal(2, 5, 3)
        ),
        chainrule.check(
            MultiheadAttention(6, 2), TGT, MEMORY, MEMORY + 1, key_padding_mask=PADDING, intent={"padding"}
        ),
        chainrule.check(
            MultiheadAttention(6, 3, rotary=True), TGT, TGT + 1, TGT - 1, is_causal=True, intent={"causal"}
        ),
    ):
        assert report.ok, report


def test_small_layers() -> None:
    for layer in (FeedForward(6, 7), PositionalEncoding(), LearnedPositionalEncoding(4, 6)):
        report = chainrule.check(layer, TGT)
        assert report.ok, report


@both_orders
def test_encoder(norm_first: bool) -> None:
    options: dict[str, Any] = {"dim_feedforward": 7, "norm_first": norm_first}
    for report in (
        chainrule.check(TransformerEncoderLayer(6, 2, **options), MEMORY),
        chainrule.check(
            TransformerEncoder(6, 2, 2, **options), MEMORY, src_key_padding_mask=PADDING, intent={"padding"}
        ),
        chainrule.check(TransformerEncoder(6, 2, 2, **options), MEMORY, is_causal=True, intent={"causal"}),
    ):
        assert report.ok, report


@both_orders
def test_decoder(norm_first: bool) -> None:
    options: dict[str, Any] = {"dim_feedforward": 7, "norm_first": norm_first}
    for report in (
        chainrule.check(TransformerDecoderLayer(6, 2, **options), TGT, MEMORY, tgt_is_causal=True),
        chainrule.check(TransformerDecoder(6, 2, 2, **options), TGT, MEMORY, memory_key_padding_mask=PADDING),
    ):
        assert report.ok, report


def test_a_sample_of_nothing_but_padding() -> None:
    padding = np.array([[False] * 5, [True] * 5])
    report = chainrule.check(MultiheadAttention(6, 2), TGT, MEMORY, MEMORY + 1, key_padding_mask=padding)
    assert report.ok, report


@pytest.mark.parametrize(
    "options",
    [
        {"tied": ("source", "target", "output"), "dropout": 0.2},
        {"tied": (), "norm_first": True, "positions": "learned", "max_length": 9, "activation": "gelu"},
    ],
    ids=["the paper's", "pre-norm"],
)
def test_translation(options: dict[str, Any]) -> None:
    model = Seq2SeqTransformer(8, 8, 6, 2, 1, 1, 7, **{"dropout": 0.0, **options})
    inputs = SOURCE_IDS, TARGET_IDS, LENGTHS, np.array([4, 3])
    for intent in (set(), {"causal", "padding"}):
        report = chainrule.check(model, *inputs, intent=intent)
        assert report.ok, report


def test_a_transformer_of_two_and_two_layers() -> None:
    model = Seq2SeqTransformer(8, 8, 6, 2, 2, 2, 7, 0.0, tied=("source", "target", "output"))
    report = chainrule.check(model, SOURCE_IDS, TARGET_IDS, LENGTHS, intent={"causal", "padding"})
    assert report.ok, report


def test_language_model() -> None:
    report = chainrule.check(TransformerLM(8, 7, 6, 2, 2, 7, 0.0), SOURCE_IDS, intent={"causal"})
    assert report.ok, report


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_classifiers(pooling: str) -> None:
    of_text = TransformerClassifier(8, 3, 6, 2, 1, 7, 0.0, pooling=pooling)
    of_images = VisionTransformer(2, 6, 3, 3, 6, 2, 1, 7, 0.0, pooling=pooling)
    for report in (
        chainrule.check(of_text, SOURCE_IDS, LENGTHS, intent={"padding"}),
        chainrule.check(of_images, normal(3, 2, 6, 6)),
    ):
        assert report.ok, report


def test_they_are_like_pytorchs() -> None:
    torch = torch_or_skip()
    theirs = torch.nn.TransformerEncoderLayer(6, 2, 7, dropout=0.0, batch_first=True)
    report = chainrule.check(TransformerEncoderLayer(6, 2, 7, dropout=0.0), TGT, like=theirs)
    assert report.ok, report
