"""One layer, four ways: two of them are TransformerEncoderLayer itself, one lacks a part, one has a bug."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.functions.arrays import Array
from chainrule.layers import LayerNorm, Linear, TransformerEncoderLayer, manual_seed
from chainrule.layers.sublayer import LeaveCache, SublayerCache, enter, enter_backward, leave_backward
from chainrule.layers.transformer_encoder_layer import TransformerEncoderLayerCache
from chainrule.models.initial import glorot
from chainrule.models.token_embedding import TokenEmbedding

from ..each_position import EachPosition
from ..pictures import BLUE, GREEN, ORANGE, VERMILION
from .options import Options

HEADS = 2


class WithoutResidual(TransformerEncoderLayer):
    """x -> f(norm(x)), or norm(f(x)): what f leaves out of x is lost."""

    def forward(self, src: Array, **options: Any) -> tuple[Array, TransformerEncoderLayerCache]:
        inner, entered = enter(src, self.norm1, self.norm_first)
        z, attended = self.self_attn.forward(inner, inner, inner, **options)
        x, normed = (z, None) if self.norm_first else self.norm1.forward(z)  # with a residual: src + z
        self_attn = SublayerCache(entered, attended, LeaveCache(None, normed))

        inner, entered = enter(x, self.norm2, self.norm_first)
        z, computed = self.feed_forward.forward(inner)
        y, normed = (z, None) if self.norm_first else self.norm2.forward(z)  # with a residual: x + z
        feed_forward = SublayerCache(entered, computed, LeaveCache(None, normed))
        return y, TransformerEncoderLayerCache(self_attn, feed_forward)

    def backward(self, dy: Array, cache: TransformerEncoderLayerCache) -> Array:
        entered, computed, left = cache.feed_forward
        dz = dy if left.norm is None else self.norm2.backward(dy, left.norm)
        dx = enter_backward(self.feed_forward.backward(dz, computed), entered, self.norm2)

        entered, attended, left = cache.self_attn
        dz = dx if left.norm is None else self.norm1.backward(dx, left.norm)
        dquery, dkey, dvalue = self.self_attn.backward(dz, attended)
        return enter_backward(dquery + dkey + dvalue, entered, self.norm1)


class ForgottenResidual(TransformerEncoderLayer):
    """WRONG, on purpose: forward adds x, and backward does not know it. Compare TransformerEncoderLayer's."""

    def backward(self, dy: Array, cache: TransformerEncoderLayerCache) -> Array:
        entered, computed, left = cache.feed_forward
        _, dz = leave_backward(dy, left, self.dropout2, self.norm2)  # WRONG: the gradient past f is dropped
        dx = enter_backward(self.feed_forward.backward(dz, computed), entered, self.norm2)

        entered, attended, left = cache.self_attn
        _, dz = leave_backward(dx, left, self.dropout1, self.norm1)  # WRONG, once more
        dquery, dkey, dvalue = self.self_attn.backward(dz, attended)
        return enter_backward(dquery + dkey + dvalue, entered, self.norm1)


@dataclass(frozen=True)
class Way:
    """How a layer is built."""

    key: str
    name: str
    color: str
    layer: type[TransformerEncoderLayer]
    norm_first: bool


def ways(options: Options) -> list[Way]:
    """Two faults and two placements of the norm."""
    first = options.norm == "pre"
    return [
        Way("none", "no residual", ORANGE, WithoutResidual, first),
        Way("forgotten", "gradient forgotten", VERMILION, ForgottenResidual, first),
        Way("post", "post-norm", BLUE, TransformerEncoderLayer, False),
        Way("pre", "pre-norm", GREEN, TransformerEncoderLayer, True),
    ]


def build(options: Options, way: Way, depth: int, seed: int) -> EachPosition:
    """The same weights for every way: matrices Glorot uniform, biases 0, as Xiong et al. 2020 begin."""
    manual_seed(seed)
    size = options.d_model
    layers = [way.layer(size, HEADS, 2 * size, dropout=0.0, norm_first=way.norm_first) for _ in range(depth)]
    norm = LayerNorm(size) if way.norm_first else None
    input = TokenEmbedding(options.symbols, size, "sinusoidal", scale=size**0.5)
    return EachPosition(input, [glorot(layer) for layer in layers], norm, Linear(size, options.symbols))
