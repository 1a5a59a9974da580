"""A layer of a Transformer's decoder: self-attention, attention to the encoder's output, a feed-forward
part."""

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


class DecoderPast(NamedTuple):
    """What a decoder layer keeps while it decodes."""

    self_attn: KeysAndValues  # of the target so far: grows with every call
    multihead_attn: KeysAndValues  # of the memory: computed by the first call


class TransformerDecoderLayerCache(NamedTuple):
    self_attn: SublayerCache
    multihead_attn: SublayerCache
    feed_forward: SublayerCache

    @property
    def past(self) -> DecoderPast:
        """`past` of the next call."""
        return DecoderPast(self.self_attn.body.past, self.multihead_attn.body.past)


class TransformerDecoderLayer(TransformerLayer):
    """tgt (batch, target, d_model), memory (batch, source, d_model) -> (batch, target, d_model).

    (Vaswani et al. 2017, figure 1, right.) The target looks at itself, with tgt_is_causal=True only at what
    stands before; then at the memory, which is the encoder's output: queries come from the target, keys and
    values from the memory; then every position computes for itself.

    The options are TransformerEncoderLayer's. rotary concerns self-attention alone: positions of the target
    and of the memory are not of one sequence.
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
        rotary: bool = False,
        dtype: Any = None,
        **attention: Any,
    ) -> None:
        attention |= {"dropout": dropout if attention_dropout is None else attention_dropout, "bias": bias}
        in_between = dropout if activation_dropout is None else activation_dropout
        self.norm_first = norm_first
        self.self_attn = MultiheadAttention(d_model, nhead, rotary=rotary, dtype=dtype, **attention)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dtype=dtype, **attention)
        self.feed_forward = FeedForward(d_model, dim_feedforward, in_between, activation, bias, dtype)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2, self.dropout3 = Dropout(dropout), Dropout(dropout), Dropout(dropout)

    def forward(
        self,
        tgt: Array,
        memory: Array,
        *,
        tgt_mask: Array | None = None,
        memory_mask: Array | None = None,
        tgt_key_padding_mask: Array | None = None,
        memory_key_padding_mask: Array | None = None,
        tgt_is_causal: bool = False,
        past: DecoderPast | None = None,
    ) -> tuple[Array, TransformerDecoderLayerCache]:
        """Masks: True = ignore. With past, which holds the memory's keys and values, the memory itself is not
        looked at again.
        """
        inner, entered = enter(tgt, self.norm1, self.norm_first)
        z, attended = self.self_attn.forward(
            inner,
            inner,
            inner,
            attn_mask=tgt_mask,
            key_padding_mask=tgt_key_padding_mask,
            is_causal=tgt_is_causal,
            past=None if past is None else past.self_attn,
        )
        x, left = leave(tgt, z, self.dropout1, self.norm1, self.norm_first)
        self_attn = SublayerCache(entered, attended, left)

        inner, entered = enter(x, self.norm2, self.norm_first)
        new = memory if past is None else None
        z, attended = self.multihead_attn.forward(
            inner,
            new,
            new,
            attn_mask=memory_mask,
            key_padding_mask=memory_key_padding_mask,
            past=None if past is None else past.multihead_attn,
        )
        x, left = leave(x, z, self.dropout2, self.norm2, self.norm_first)
        multihead_attn = SublayerCache(entered, attended, left)

        inner, entered = enter(x, self.norm3, self.norm_first)
        z, computed = self.feed_forward.forward(inner)
        y, left = leave(x, z, self.dropout3, self.norm3, self.norm_first)
        feed_forward = SublayerCache(entered, computed, left)
        return y, TransformerDecoderLayerCache(self_attn, multihead_attn, feed_forward)

    def backward(self, dy: Array, cache: TransformerDecoderLayerCache) -> tuple[Array, Array]:
        """Returns (dtgt, dmemory)."""
        entered, computed, left = cache.feed_forward
        dx, dz = leave_backward(dy, left, self.dropout3, self.norm3)
        dinner = self.feed_forward.backward(dz, computed)
        dx = dx + enter_backward(dinner, entered, self.norm3)

        entered, attended, left = cache.multihead_attn
        dx, dz = leave_backward(dx, left, self.dropout2, self.norm2)
        dinner, dkey, dvalue = self.multihead_attn.backward(dz, attended)
        dmemory = dkey + dvalue  # the memory was key and value; the query came from the target
        dx = dx + enter_backward(dinner, entered, self.norm2)

        entered, attended, left = cache.self_attn
        dx, dz = leave_backward(dx, left, self.dropout1, self.norm1)
        dquery, dkey, dvalue = self.self_attn.backward(dz, attended)
        dinner = dquery + dkey + dvalue  # all three were the target
        dtgt = dx + enter_backward(dinner, entered, self.norm1)
        return dtgt, dmemory
