"""A Transformer's decoder: layers one after the other, each of which looks at the same memory."""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.functions.arrays import Array

from .layer import Layer
from .layer_norm import LayerNorm
from .transformer_decoder_layer import DecoderPast, TransformerDecoderLayer


class TransformerDecoderCache(NamedTuple):
    layers: list[Any]
    norm: Any

    @property
    def past(self) -> tuple[DecoderPast, ...]:
        """`past` of the next call: one entry per layer."""
        return tuple(cache.past for cache in self.layers)


class TransformerDecoder(Layer):
    """tgt (batch, target, d_model), memory (batch, source, d_model) -> (batch, target, d_model).

    (Vaswani et al. 2017, section 3.1.) num_layers TransformerDecoderLayers; the options are
    TransformerEncoder's.

    **Two kinds of gradients go back.** The target went through the layers one after the other: each layer is
    handed what its successor returned. The memory went into *every* layer: its gradient is the sum of what
    all layers return, and the encoder learns from all of them.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        num_layers: int,
        *,
        norm_first: bool = False,
        final_norm: bool | None = None,
        layer_norm_eps: float = 1e-5,
        bias: bool = True,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        if num_layers < 1:
            raise ValueError(f"TransformerDecoder: num_layers must be at least 1, got {num_layers}")
        options |= {"norm_first": norm_first, "layer_norm_eps": layer_norm_eps, "bias": bias, "dtype": dtype}
        self.layers = [TransformerDecoderLayer(d_model, nhead, **options) for _ in range(num_layers)]
        with_norm = norm_first if final_norm is None else final_norm
        self.norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) if with_norm else None

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
        past: tuple[DecoderPast, ...] | None = None,
    ) -> tuple[Array, TransformerDecoderCache]:
        """Masks: True = ignore. past: one entry per layer, of the positions before tgt and of the memory."""
        x, caches = tgt, []
        for i, layer in enumerate(self.layers):
            x, cache = layer.forward(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=tgt_is_causal,
                past=None if past is None else past[i],
            )
            caches.append(cache)
        y, norm_cache = (x, None) if self.norm is None else self.norm.forward(x)
        return y, TransformerDecoderCache(caches, norm_cache)

    def backward(self, dy: Array, cache: TransformerDecoderCache) -> tuple[Array, Array]:
        """Returns (dtgt, dmemory)."""
        dx = dy if self.norm is None else self.norm.backward(dy, cache.norm)
        dmemory: Any = 0
        for layer, layer_cache in zip(reversed(self.layers), reversed(cache.layers), strict=True):
            dx, dmemory_here = layer.backward(dx, layer_cache)  # dx: handed on from layer to layer
            dmemory = dmemory + dmemory_here  # every layer looked at the memory
        return dx, dmemory

    def step(
        self,
        tgt: Array,
        memory: Array,
        past: tuple[DecoderPast, ...] | None = None,
        *,
        tgt_key_padding_mask: Array | None = None,
        memory_key_padding_mask: Array | None = None,
    ) -> tuple[Array, tuple[DecoderPast, ...]]:
        """Reads the next positions of the target, in causal order, and hands on what it keeps: (y, past).

        The memory is looked at by the first call; its keys and values are kept. The masks speak of all
        positions of the target, kept and new, and of the whole memory.
        """
        y, cache = self.forward(
            tgt,
            memory,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=True,
            past=past,
        )
        return y, cache.past
