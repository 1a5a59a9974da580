"""All to one: every position looks at every other, and what they come to is one vector.

    pooling="mean"                              pooling="first"

              y = mean                            y
            ^   ^    ^                            ^
          [     encoder    ]                    [       encoder         ]
            ^   ^    ^    ^                       ^     ^    ^   ^    ^
           x0  x1   x2  padding                 token  x0   x1  x2  padding

The mean is over valid positions, and each gets its share of the gradient, 1 / their number. Or a token that
stands before the first position, learned and the same for all samples, looks at all others and becomes the
answer ([CLS] of BERT: Devlin et al. 2019, section 3); the others' outputs have no way to the loss but through
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers import Layer, Parameter, TransformerEncoder, init
from chainrule.layers.new import new_parameter

from .initial import glorot

if TYPE_CHECKING:
    from chainrule.functions.arrays import Bool, Float


class AllToOneCache(NamedTuple):
    encoder: Any
    share: Float[Array, "batch time 1"]                                      # of each position in y


class AllToOne(Layer):
    """x (batch, time, d_model), padding (batch, time) -> (batch, d_model).

    padding: True = ignore. Options are those of TransformerEncoder. Matrices begin Glorot uniform, biases 0,
    the token as normal(0, 0.02).
    """

    def __init__(
        self, d_model: int, nhead: int, num_layers: int, pooling: str = "mean", **options: Any
    ) -> None:
        if pooling not in ("mean", "first"):
            raise ValueError(f"no pooling is called {pooling!r}: choose one of mean, first")
        self.token: Parameter | None = None
        if pooling == "first":
            self.token = init.normal_(new_parameter((d_model,)), std=0.02)
        self.encoder = glorot(TransformerEncoder(d_model, nhead, num_layers, **options))

    def forward(
        self, x: Float[Array, "batch time d_model"], padding: Bool[Array, "batch time"] | None = None
    ) -> tuple[Float[Array, "batch d_model"], AllToOneCache]:
        if self.token is not None:
            first = np.broadcast_to(self.token.data, (len(x), 1, x.shape[-1]))
            x = np.concatenate([first, x], axis=1)                           # (batch, 1 + time, d_model)
            if padding is not None:
                padding = np.concatenate([np.zeros_like(padding[:, :1]), padding], axis=1)
        h, encoder_cache = self.encoder.forward(x, src_key_padding_mask=padding)
        share = self._share(h, padding)                                      # (batch, time, 1), sums to 1
        return (h * share).sum(1), AllToOneCache(encoder_cache, share)

    def backward(
        self, dy: Float[Array, "batch d_model"], cache: AllToOneCache
    ) -> tuple[Float[Array, "batch time d_model"], None]:
        """Returns (dx, None)."""
        dh = dy[:, None] * cache.share                                       # y = (h * share).sum(1)
        dx = self.encoder.backward(dh, cache.encoder)
        if self.token is None:
            return dx, None
        self.add_grads(token=dx[:, 0].sum(0))                                # one token for all samples
        return dx[:, 1:], None

    def _share(self, h: Array, padding: Array | None) -> Float[Array, "batch time 1"]:
        share = np.zeros_like(h[:, :, :1])
        if self.token is not None:
            share[:, 0] = 1
            return share
        share[...] = 1 if padding is None else ~padding[:, :, None]
        mean: Array = share / share.sum(1, keepdims=True)
        return mean
