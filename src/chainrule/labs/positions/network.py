"""The same layers, six ways to know where one is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from chainrule.layers import LayerNorm, Linear, TransformerEncoderLayer, manual_seed
from chainrule.models.token_embedding import TokenEmbedding

from ..each_position import EachPosition
from ..pictures import BLUE, GRAY, GREEN, ORANGE, PURPLE, VERMILION
from .options import Options

HEADS = 2


@dataclass(frozen=True)
class Way:
    """Where positions come from."""

    key: str
    name: str
    phrase: str  # in a sentence
    color: str
    positions: str  # as TokenEmbedding has them
    is_causal: bool = False
    moved: bool = False  # in training, every batch begins at another position


WAYS = (
    Way("none", "none", "no positions", GRAY, "none"),
    Way("causal", "none, causal", "no positions, causal", PURPLE, "none", is_causal=True),
    Way("learned", "learned", "the learned table", ORANGE, "learned"),
    Way("sinusoidal", "sinusoidal", "the sines", BLUE, "sinusoidal"),
    Way("rotary", "rotary", "the rotations", GREEN, "rotary"),
    Way("moved", "sinusoidal, moved", "the sines, moved", VERMILION, "sinusoidal", moved=True),
)


def build(options: Options, way: Way, seed: int) -> EachPosition:
    """Pre-norm layers; a learned table has rows for the longest sequences of the test."""
    manual_seed(seed)
    size = options.d_model
    input = TokenEmbedding(options.symbols, size, way.positions, options.longest, scale=sqrt(size))
    extra: dict[str, Any] = {"dropout": 0.0, "norm_first": True, "rotary": way.positions == "rotary"}
    layers = [TransformerEncoderLayer(size, HEADS, 2 * size, **extra) for _ in range(options.layers)]
    return EachPosition(input, layers, LayerNorm(size), Linear(size, options.symbols), way.is_causal)
