"""One layer with one head of attention; its queries and keys begin with numbers of variance 1."""

from __future__ import annotations

from math import sqrt

from chainrule.functions.arrays import Array
from chainrule.layers import LayerNorm, Linear, TransformerEncoderLayer, init, manual_seed
from chainrule.models.token_embedding import TokenEmbedding

from ..each_position import EachPosition
from .options import Options


def build(options: Options, d_k: int, scale: float | None, seed: int) -> EachPosition:
    """The same weights with any scale; None is attention's own.

    The layer reads numbers of variance 1 (a norm stands before it). So weights of variance 1 / d_model make
    queries and keys as the paper's footnote has them, whatever d_k is.
    """
    manual_seed(seed)
    size = options.d_model
    input = TokenEmbedding(options.symbols, size, "sinusoidal", scale=sqrt(size))
    layer = TransformerEncoderLayer(
        size, 1, 2 * size, dropout=0.0, norm_first=True, d_k=d_k, d_v=size, scale=scale
    )
    in_proj_weight = layer.self_attn.in_proj_weight
    assert in_proj_weight is not None
    init.normal_(in_proj_weight, std=1 / sqrt(size))
    return EachPosition(input, [layer], LayerNorm(size), Linear(size, options.symbols))


def spread(model: EachPosition, ids: Array) -> float:
    """The standard deviation of the scores, as the softmax gets them."""
    _, cache = model.forward(ids)
    attention = cache.layers[0].self_attn.body.attention
    scores = attention.query @ attention.key.swapaxes(-1, -2) * attention.scale
    return float(scores.std())
