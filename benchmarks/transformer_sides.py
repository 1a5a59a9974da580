"""The two sides of transformer_step.py: the same networks, under the same names, and the same batches.

tiny, tiny 0.3    "Transformer-Tiny" for translation: 4 + 4 layers of 128, 4 heads, 256 in the feed-forward
                  part, 8,000 ids with one table for source, target and output; 64 pairs of 16 ids; label
                  smoothing; dropout of 0.1, or of 0.3
padded            the same with 0.1, pairs of 4 to 16 ids, filled up: attention does not look at the padding
gpt               a language model of characters: 4 causal layers of 128, 4 heads; 12 texts of 64; no dropout
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import torch
from in_turn import Batch
from torch import nn

from chainrule import layers, manual_seed
from chainrule.models import Seq2SeqTransformer, TransformerLM

KINDS = ("tiny", "tiny 0.3", "padded", "gpt")
D_MODEL, HEADS, LAYERS = 128, 4, 4
VOCABULARY, FEED_FORWARD, PAIRS, LENGTH, PAD = 8000, 256, 64, 16, 0
SYMBOLS, CONTEXT, TEXTS = 65, 64, 12
IGNORED = -100  # what a loss does not count


def our_model(kind: str) -> layers.Layer:
    manual_seed(0)
    if kind == "gpt":
        return TransformerLM(SYMBOLS, CONTEXT, D_MODEL, HEADS, LAYERS, dropout=0.0)
    return Seq2SeqTransformer(
        VOCABULARY, VOCABULARY, D_MODEL, HEADS, LAYERS, LAYERS, FEED_FORWARD, dropout(kind),
        tied=("source", "target", "output"), pad_id=pad_id(kind),
    )  # fmt: skip


def their_model(kind: str) -> nn.Module:
    return TheirLM() if kind == "gpt" else TheirSeq2Seq(dropout(kind), pad_id(kind))


def dropout(kind: str) -> float:
    return 0.3 if kind == "tiny 0.3" else 0.1


def pad_id(kind: str) -> int | None:
    return PAD if kind == "padded" else None


def label_smoothing(kind: str) -> float:
    return 0.0 if kind == "gpt" else 0.1


class TheirEmbedding(nn.Module):
    """Embeddings times √d plus the sines and cosines of "Attention is all you need", then dropout."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, D_MODEL)
        nn.init.normal_(self.embedding.weight, std=D_MODEL**-0.5)
        self.dropout = nn.Dropout(p)
        exponents = torch.arange(0, D_MODEL, 2, dtype=torch.float64) / D_MODEL
        angles = torch.arange(LENGTH)[:, None] * 10000**-exponents
        self.pattern = torch.stack([angles.sin(), angles.cos()], -1).flatten(1)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embedding(ids) * sqrt(D_MODEL)
        return self.dropout(x + self.pattern[: ids.shape[1]].to(x.dtype))


class TheirSeq2Seq(nn.Module):
    def __init__(self, p: float, pad: int | None) -> None:
        super().__init__()
        self.pad = pad
        self.source, self.target = TheirEmbedding(p), TheirEmbedding(p)
        options: dict[str, Any] = {"dim_feedforward": FEED_FORWARD, "dropout": p, "batch_first": True}
        encoder = nn.TransformerEncoderLayer(D_MODEL, HEADS, **options)
        decoder = nn.TransformerDecoderLayer(D_MODEL, HEADS, **options)
        self.encoder = nn.TransformerEncoder(encoder, LAYERS, enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(decoder, LAYERS)
        self.output = nn.Linear(D_MODEL, VOCABULARY, bias=False)
        self.target.embedding.weight = self.output.weight = self.source.embedding.weight

    def forward(self, source: torch.Tensor, target_in: torch.Tensor) -> torch.Tensor:
        source_padding, target_padding = (
            None if self.pad is None else ids == self.pad for ids in (source, target_in)
        )
        memory = self.encoder(self.source(source), src_key_padding_mask=source_padding)
        y = self.decoder(
            self.target(target_in),
            memory,
            tgt_mask=no_looking_ahead(target_in.shape[1]),
            tgt_is_causal=True,
            tgt_key_padding_mask=target_padding,
            memory_key_padding_mask=source_padding,
        )
        return self.output(y)


class TheirInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.positions = nn.Embedding(SYMBOLS, D_MODEL), nn.Embedding(CONTEXT, D_MODEL)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.embedding(ids) + self.positions(torch.arange(ids.shape[1]))


class TheirLM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input = TheirInput()
        layer = nn.TransformerEncoderLayer(
            D_MODEL, HEADS, 4 * D_MODEL, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(
            layer, LAYERS, norm=nn.LayerNorm(D_MODEL), enable_nested_tensor=False
        )
        self.output = nn.Linear(D_MODEL, SYMBOLS, bias=False)
        self.output.weight = self.input.embedding.weight
        nn.init.normal_(self.output.weight, std=0.02)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        mask = no_looking_ahead(ids.shape[1])
        return self.output(self.transformer(self.input(ids), mask=mask, is_causal=True))


def no_looking_ahead(length: int) -> torch.Tensor:
    """True = ignore."""
    return torch.ones(length, length, dtype=torch.bool).triu(1)


def batches(kind: str) -> list[Batch]:
    """Random ids."""
    rng = np.random.default_rng(0)
    if kind == "gpt":
        texts = rng.integers(SYMBOLS, size=(8, TEXTS, CONTEXT + 1))
        return [(text[:, :-1], text[:, 1:]) for text in texts]
    found: list[Batch] = []
    for _ in range(8):
        source = rng.integers(PAD + 1, VOCABULARY, size=(PAIRS, LENGTH))
        target = rng.integers(PAD + 1, VOCABULARY, size=(PAIRS, LENGTH + 1))
        target_in, target_out = target[:, :-1].copy(), target[:, 1:].copy()
        if kind == "padded":
            source_end, target_end = rng.integers(4, LENGTH + 1, size=(2, PAIRS, 1))
            source[np.arange(LENGTH) >= source_end] = PAD
            target_in[np.arange(LENGTH) >= target_end] = PAD
            target_out[np.arange(LENGTH) >= target_end] = IGNORED
        found.append(((source, target_in), target_out))
    return found


def symbols(kind: str) -> float:
    """How many ids a batch has to guess, on average."""
    return float(np.mean([(target != IGNORED).sum() for _, target in batches(kind)]))
