"""Multi-head attention: several attentions side by side, each on its own linear view of the sequences.

    q = query W_qᵀ,  k = key W_kᵀ,  v = value W_vᵀ      each cut into heads: (batch, heads, time, d_k or d_v)
    context = attention(q, k, v)                        for every head alone
    output  = [context of head 1, ..., head h] W_oᵀ     the heads side by side again

(Vaswani et al. 2017, section 3.2.2.) One head averages over positions with one set of weights; several can
look at several places at once.

**Where do query, key and value come from?**

    self-attention             x, x, x                   in the encoder; in the decoder with is_causal
    encoder-decoder attention  tgt, memory, memory       the target asks, the encoder's output answers

They are three arguments, so backward returns three gradients. Who passed one array three times adds them up:

    dx = dquery + dkey + dvalue

**Decoding.** A position that is generated asks, and all before it answer with the keys and values that they
already had. So these are kept: `past` goes in, and the cache's `past` is what to hand to the next call.

    y, cache = attention.forward(x_new, x_new, x_new, is_causal=True, past=past)
    past = cache.past                                   # the old keys and values, then the new ones
    y, cache = attention.forward(x_new, None, None, past=cache.past)     # nothing new to look at: a memory
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions import (
    linear,
    linear_backward,
    rotary_embedding,
    rotary_embedding_backward,
    scaled_dot_product_attention,
    scaled_dot_product_attention_backward,
)
from chainrule.functions.arrays import Array
from chainrule.functions.linear import LinearCache
from chainrule.functions.rotary_embedding import RotaryEmbeddingCache
from chainrule.functions.scaled_dot_product_attention import ScaledDotProductAttentionCache

from .attention_inputs import attention_mask, check_inputs
from .dropout import sample_keys
from .heads import KeysAndValues, merge_heads, split_heads
from .init import glorot_uniform_, zeros_
from .layer import Layer
from .linear import Linear
from .new import new_parameter, optional_data

PROJECTIONS = ("q_proj_weight", "k_proj_weight", "v_proj_weight")


class MultiheadAttentionCache(NamedTuple):
    query: LinearCache
    key: LinearCache | None  # None: there was nothing new to look at
    value: LinearCache | None
    rotations: tuple[RotaryEmbeddingCache, RotaryEmbeddingCache] | None  # of query and key
    attention: ScaledDotProductAttentionCache
    out_proj: LinearCache
    past_given: bool

    @property
    def past(self) -> KeysAndValues:
        """All keys and values that could be looked at, the new ones last: `past` of the next call."""
        return KeysAndValues(self.attention.key, self.attention.value)

    @property
    def weights(self) -> Array:
        """(batch, heads, target, source): who looked where; before dropout."""
        return self.attention.weights


class MultiheadAttention(Layer):
    """(batch, target, embed_dim), (batch, source, kdim), (batch, source, vdim) -> (batch, target, embed_dim).

    Parameters as in PyTorch: in_proj_weight holds the rows of W_q, W_k and W_v, one above the other (with
    another kdim or vdim there are q_proj_weight, k_proj_weight and v_proj_weight instead), in_proj_bias their
    biases; out_proj is a Linear. Weights begin Glorot uniform, biases 0.

    kdim, vdim: features of the arrays `key` and `value`; default: embed_dim.
    d_k, d_v: features per head, of a query and a key, and of a value. Default, and all that PyTorch has:
        embed_dim / num_heads for both, so that all heads together have embed_dim features. Any others will
        do: then in_proj_weight has heads · (d_k + d_k + d_v) rows, and out_proj heads · d_v input features.
    dropout: the probability that a weight is dropped, in training mode.
    scale: what scores are multiplied by, in place of 1 / √d_k.
    rotary: queries and keys are rotated by their positions (see `chainrule.functions.rotary_embedding`): for
        self-attention, where both count the same positions.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        kdim: int | None = None,
        vdim: int | None = None,
        d_k: int | None = None,
        d_v: int | None = None,
        scale: float | None = None,
        rotary: bool = False,
        dtype: Any = None,
    ) -> None:
        if num_heads < 1:
            raise ValueError(f"MultiheadAttention: num_heads must be at least 1, got {num_heads}")
        if embed_dim % num_heads and (d_k is None or d_v is None):
            raise ValueError(
                f"MultiheadAttention: embed_dim {embed_dim} cannot be dealt out to {num_heads} heads: choose "
                "another number of heads, or both d_k and d_v"
            )
        if not 0 <= dropout <= 1:
            raise ValueError(f"MultiheadAttention: dropout is a probability, from 0 to 1, got {dropout}")
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = (embed_dim if size is None else size for size in (kdim, vdim))
        self.d_k, self.d_v = (embed_dim // num_heads if size is None else size for size in (d_k, d_v))
        if min(embed_dim, self.kdim, self.vdim, self.d_k, self.d_v) < 1:
            raise ValueError(
                f"MultiheadAttention: embed_dim {embed_dim}, kdim {self.kdim}, vdim {self.vdim}, "
                f"d_k {self.d_k} and d_v {self.d_v} must be at least 1"
            )
        if rotary and self.d_k % 2:
            raise ValueError(f"MultiheadAttention: rotary turns pairs of features, got d_k {self.d_k}")
        self.scale, self.rotary = scale, rotary
        rows = (num_heads * self.d_k, num_heads * self.d_k, num_heads * self.d_v)
        self.in_proj_weight = None
        if self.kdim == self.vdim == embed_dim:
            self.in_proj_weight = glorot_uniform_(new_parameter((sum(rows), embed_dim), dtype))
        else:
            for name, out, features in zip(PROJECTIONS, rows, (embed_dim, self.kdim, self.vdim), strict=True):
                setattr(self, name, glorot_uniform_(new_parameter((out, features), dtype)))
        self.in_proj_bias = new_parameter((sum(rows),), dtype) if bias else None
        self.out_proj = Linear(num_heads * self.d_v, embed_dim, bias, dtype)
        if self.out_proj.bias is not None:
            zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Array,
        key: Array | None,
        value: Array | None,
        *,
        key_padding_mask: Array | None = None,
        attn_mask: Array | None = None,
        is_causal: bool = False,
        need_weights: bool = False,
        average_attn_weights: bool = True,
        past: KeysAndValues | None = None,
    ) -> tuple[Any, MultiheadAttentionCache]:
        """Returns output, cache; with need_weights (output, weights), cache.

        key_padding_mask, attn_mask: True = ignore; see `chainrule.layers.attention_inputs`. is_causal=True is
        all that is needed to hide what comes later (PyTorch wants attn_mask beside it).
        weights: (batch, target, source), the mean over the heads, or with average_attn_weights=False (batch,
        heads, target, source). They are to be looked at: no gradient comes back through them.
        past: keys and values of earlier positions, which stand before the new ones; the masks speak of all.
        key = value = None: there are no new ones.

        Raises ValueError for shapes that do not fit, TypeError for mixed dtypes.
        """
        features = {"query": self.embed_dim, "key": self.kdim, "value": self.vdim}
        check_inputs(query, key, value, past, features, self.num_heads, self.rotary)
        start = 0 if past is None else past.length
        (w_q, b_q), (w_k, b_k), (w_v, b_v) = self._projections()
        q, query_cache = linear(query, w_q, b_q)  # (batch, target, heads x d_k)
        q = split_heads(q, self.num_heads)  # (batch, heads, target, d_k)
        key_cache = value_cache = rotations = None
        if key is None or value is None:
            k, v = past  # type: ignore[misc]
        else:
            k, key_cache = linear(key, w_k, b_k)
            v, value_cache = linear(value, w_v, b_v)
            k, v = split_heads(k, self.num_heads), split_heads(v, self.num_heads)
            if self.rotary:
                q, query_rotation = rotary_embedding(q, start)
                k, key_rotation = rotary_embedding(k, start)
                rotations = query_rotation, key_rotation
            if past is not None:
                k, v = (np.concatenate(parts, axis=2) for parts in zip(past, (k, v), strict=True))

        mask = attention_mask(key_padding_mask, attn_mask, query, self.num_heads, k.shape[2])
        p = self.dropout if self.training else 0.0
        keys = sample_keys(query) if p > 0 else None
        context, attention_cache = scaled_dot_product_attention(
            q, k, v, mask, keys, dropout_p=p, causal=is_causal, scale=self.scale
        )  # (batch, heads, target, d_v)
        output, out_cache = self.out_proj.forward(merge_heads(context))
        cache = MultiheadAttentionCache(
            query_cache, key_cache, value_cache, rotations, attention_cache, out_cache, past is not None
        )
        if not need_weights:
            return output, cache
        return (output, cache.weights.mean(1) if average_attn_weights else cache.weights), cache

    def backward(self, dy: Any, cache: MultiheadAttentionCache) -> tuple[Array, Array, Array]:
        """Returns (dquery, dkey, dvalue). dy is doutput, or (doutput, None) where forward gave weights, too.

        Raises ValueError for a gradient of the weights, or after a forward with past: decoding has no
        backward.
        """
        doutput, dweights = dy if isinstance(dy, tuple) else (dy, None)
        if dweights is not None:
            raise ValueError(
                "MultiheadAttention: weights are to be looked at, no gradient comes back through them"
            )
        if cache.past_given or cache.key is None or cache.value is None:
            raise ValueError(
                "MultiheadAttention: past is for decoding, which has no backward: give the whole sequence"
            )
        dcontext = split_heads(self.out_proj.backward(doutput, cache.out_proj), self.num_heads)
        dq, dk, dv, _, _ = scaled_dot_product_attention_backward(dcontext, cache.attention)
        if cache.rotations is not None:
            query_rotation, key_rotation = cache.rotations
            dq = rotary_embedding_backward(dq, query_rotation)
            dk = rotary_embedding_backward(dk, key_rotation)
        dquery, dw_q, db_q = linear_backward(merge_heads(dq), cache.query)
        dkey, dw_k, db_k = linear_backward(merge_heads(dk), cache.key)
        dvalue, dw_v, db_v = linear_backward(merge_heads(dv), cache.value)
        if self.in_proj_weight is not None:
            self.add_grads(in_proj_weight=np.concatenate([dw_q, dw_k, dw_v]))
        else:
            self.add_grads(q_proj_weight=dw_q, k_proj_weight=dw_k, v_proj_weight=dw_v)
        if self.in_proj_bias is not None:
            self.add_grads(in_proj_bias=np.concatenate([db_q, db_k, db_v]))
        return dquery, dkey, dvalue

    def _projections(self) -> list[tuple[Array, Array | None]]:
        """(weight, bias) for query, key and value: rows of the parameters."""
        d_k, d_v = self.num_heads * self.d_k, self.num_heads * self.d_v
        rows = slice(d_k), slice(d_k, 2 * d_k), slice(2 * d_k, 2 * d_k + d_v)
        if self.in_proj_weight is not None:
            weights = [self.in_proj_weight.data[its] for its in rows]
        else:
            weights = [getattr(self, name).data for name in PROJECTIONS]
        bias = optional_data(self.in_proj_bias)
        biases = [None if bias is None else bias[its] for its in rows]
        return list(zip(weights, biases, strict=True))

    def extra_repr(self) -> str:
        shown: dict[str, Any] = {"kdim": self.kdim, "vdim": self.vdim, "d_k": self.d_k, "d_v": self.d_v}
        shown |= {"dropout": self.dropout, "scale": self.scale, "rotary": self.rotary}
        head = self.embed_dim // self.num_heads
        usual = (self.embed_dim, self.embed_dim, head, head, 0.0, None, False)
        others = [f", {n}={v}" for (n, v), u in zip(shown.items(), usual, strict=True) if v != u]
        return f"{self.embed_dim}, {self.num_heads}{''.join(others)}"
