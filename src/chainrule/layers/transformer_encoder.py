"""A Transformer's encoder: layers one after the other, and a norm at the end where one is needed."""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.functions.arrays import Array

from .heads import KeysAndValues
from .layer import Layer
from .layer_norm import LayerNorm
from .transformer_encoder_layer import TransformerEncoderLayer


class TransformerEncoderCache(NamedTuple):
    layers: list[Any]
    norm: Any

    @property
    def past(self) -> tuple[KeysAndValues, ...]:
        """`past` of the next call: one entry per layer."""
        return tuple(cache.past for cache in self.layers)


class TransformerEncoder(Layer):
    """num_layers TransformerEncoderLayers: (batch, time, d_model) -> (batch, time, d_model).

    (Vaswani et al. 2017, section 3.1.) Every layer begins with weights of its own (PyTorch's copies one
    layer: there all begin equal). Options beside these, dim_feedforward, dropout, activation and so on, are
    those of TransformerEncoderLayer.

    final_norm: whether a layer norm, `norm`, follows the last layer. None, the default: with pre-norm, which
    needs it, and not with post-norm, where each layer ends with one (see `chainrule.layers.sublayer`).
    torch.nn.Transformer has it always.
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
            raise ValueError(f"TransformerEncoder: num_layers must be at least 1, got {num_layers}")
        options |= {"norm_first": norm_first, "layer_norm_eps": layer_norm_eps, "bias": bias, "dtype": dtype}
        self.layers = [TransformerEncoderLayer(d_model, nhead, **options) for _ in range(num_layers)]
        with_norm = norm_first if final_norm is None else final_norm
        self.norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) if with_norm else None

    def forward(
        self,
        src: Array,
        *,
        mask: Array | None = None,
        src_key_padding_mask: Array | None = None,
        is_causal: bool = False,
        past: tuple[KeysAndValues, ...] | None = None,
    ) -> tuple[Array, TransformerEncoderCache]:
        """Masks: True = ignore. past: for each layer the keys and values of the positions before src."""
        x, caches = src, []
        for i, layer in enumerate(self.layers):
            x, cache = layer.forward(
                x,
                src_mask=mask,
                src_key_padding_mask=src_key_padding_mask,
                is_causal=is_causal,
                past=None if past is None else past[i],
            )
            caches.append(cache)
        y, norm_cache = (x, None) if self.norm is None else self.norm.forward(x)
        return y, TransformerEncoderCache(caches, norm_cache)

    def backward(self, dy: Array, cache: TransformerEncoderCache) -> Array:
        dx = dy if self.norm is None else self.norm.backward(dy, cache.norm)
        # each layer receives what its successor returned: the gradient of its own output
        for layer, layer_cache in zip(reversed(self.layers), reversed(cache.layers), strict=True):
            dx = layer.backward(dx, layer_cache)
        return dx

    def step(
        self,
        src: Array,
        past: tuple[KeysAndValues, ...] | None = None,
        src_key_padding_mask: Array | None = None,
    ) -> tuple[Array, tuple[KeysAndValues, ...]]:
        """Reads the next positions of a sequence, in causal order, and hands on what it keeps: (y, past).

        The layers then are a decoder without memory, that of a language model. The mask speaks of all
        positions, kept and new.
        """
        y, cache = self.forward(src, src_key_padding_mask=src_key_padding_mask, is_causal=True, past=past)
        return y, cache.past
