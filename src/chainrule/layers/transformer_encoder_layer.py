"""A layer of a Transformer's encoder: self-attention, then a feed-forward part."""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.functions.arrays import Array

from .dropout import Dropout
from .feed_forward import FeedForward
from .heads import KeysAndValues
from .layer import Layer
from .layer_norm import LayerNorm
from .multihead_attention import MultiheadAttention
from .sublayer import SublayerCache, enter, enter_backward, leave, leave_backward
from .transformer_layer import TransformerLayer


class TransformerEncoderLayerCache(NamedTuple):
    self_attn: SublayerCache
    feed_forward: SublayerCache

    @property
    def past(self) -> KeysAndValues:
        """`past` of the next call."""
        past: KeysAndValues = self.self_attn.body.past
        return past


class TransformerEncoderLayer(TransformerLayer):
    """x -> x + attention(x) -> that + feed_forward(that): (batch, time, d_model) -> (batch, time, d_model).

    (Vaswani et al. 2017, figure 1, left.) With is_causal=True it is also the layer of a decoder-only language
    model, such as GPT: there is no memory to look at.

    dropout: of what attention and the feed-forward part give, before it is added (the paper's residual
        dropout).
    attention_dropout, activation_dropout: of the attention weights, and between the two linear layers. None,
        the default: as dropout, as in PyTorch.
    activation: "relu", "gelu" or a layer. norm_first: pre-norm, see `chainrule.layers.sublayer`.
    More options, d_k, d_v, scale and rotary, are those of MultiheadAttention.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Layer = "relu",
        layer_norm_eps: float = 1e-5,
        norm_first: bool = False,
        bias: bool = True,
        *,
        attention_dropout: float | None = None,
        activation_dropout: float | None = None,
        dtype: Any = None,
        **attention: Any,
    ) -> None:
        in_attention = dropout if attention_dropout is None else attention_dropout
        in_between = dropout if activation_dropout is None else activation_dropout
        self.norm_first = norm_first
        self.self_attn = MultiheadAttention(d_model, nhead, in_attention, bias, dtype=dtype, **attention)
        self.feed_forward = FeedForward(d_model, dim_feedforward, in_between, activation, bias, dtype)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)

    def forward(
        self,
        src: Array,
        *,
        src_mask: Array | None = None,
        src_key_padding_mask: Array | None = None,
        is_causal: bool = False,
        past: KeysAndValues | None = None,
    ) -> tuple[Array, TransformerEncoderLayerCache]:
        """Masks: True = ignore. past: keys and values of the positions before src. See MultiheadAttention."""
        inner, entered = enter(src, self.norm1, self.norm_first)
        z, attended = self.self_attn.forward(
            inner,
            inner,
            inner,
            attn_mask=src_mask,
            key_padding_mask=src_key_padding_mask,
            is_causal=is_causal,
            past=past,
        )
        x, left = leave(src, z, self.dropout1, self.norm1, self.norm_first)
        self_attn = SublayerCache(entered, attended, left)

        inner, entered = enter(x, self.norm2, self.norm_first)
        z, computed = self.feed_forward.forward(inner)
        y, left = leave(x, z, self.dropout2, self.norm2, self.norm_first)
        return y, TransformerEncoderLayerCache(self_attn, SublayerCache(entered, computed, left))

    def backward(self, dy: Array, cache: TransformerEncoderLayerCache) -> Array:
        entered, computed, left = cache.feed_forward
        dx, dz = leave_backward(dy, left, self.dropout2, self.norm2)
        dinner = self.feed_forward.backward(dz, computed)
        dx = dx + enter_backward(dinner, entered, self.norm2)  # past the feed-forward part, and through it

        entered, attended, left = cache.self_attn
        dx, dz = leave_backward(dx, left, self.dropout1, self.norm1)
        dquery, dkey, dvalue = self.self_attn.backward(dz, attended)
        dinner = dquery + dkey + dvalue  # query, key and value were one array
        dsrc: Array = dx + enter_backward(dinner, entered, self.norm1)  # past attention, and through it
        return dsrc
