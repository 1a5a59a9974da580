"""The feed-forward part of a Transformer layer: two linear layers on every position alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.functions.arrays import Array

from .activations import GELU, ReLU
from .dropout import Dropout
from .layer import Layer
from .linear import Linear

ACTIVATIONS: dict[str, type[Layer]] = {"relu": ReLU, "gelu": GELU}


class FeedForwardCache(NamedTuple):
    linear1: Any
    activation: Any
    dropout: Any
    linear2: Any


class FeedForward(Layer):
    """y = W₂ dropout(activation(W₁ x + b₁)) + b₂: (..., d_model) -> (..., d_model).

    (Vaswani et al. 2017, section 3.3, equation 2.) Attention moves information between positions, and this
    layer computes with it: the same weights at every position, dim_feedforward features in between, four
    times d_model in the paper.

    activation: "relu" (the paper), "gelu" (BERT, GPT), or a layer such as GELU("tanh").
    """

    def __init__(
        self,
        d_model: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.0,
        activation: str | Layer = "relu",
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        if isinstance(activation, str) and activation not in ACTIVATIONS:
            known = ", ".join(map(repr, ACTIVATIONS))
            raise ValueError(
                f"no activation is called {activation!r}: choose one of {known}, or give a layer"
            )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype)
        self.activation = ACTIVATIONS[activation]() if isinstance(activation, str) else activation
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype)

    def forward(self, x: Array) -> tuple[Array, FeedForwardCache]:
        hidden, linear1_cache = self.linear1.forward(x)  # (..., dim_feedforward)
        hidden, activation_cache = self.activation.forward(hidden)
        hidden, dropout_cache = self.dropout.forward(hidden)
        y, linear2_cache = self.linear2.forward(hidden)  # (..., d_model)
        return y, FeedForwardCache(linear1_cache, activation_cache, dropout_cache, linear2_cache)

    def backward(self, dy: Array, cache: FeedForwardCache) -> Array:
        dhidden = self.linear2.backward(dy, cache.linear2)
        dhidden = self.dropout.backward(dhidden, cache.dropout)
        dhidden = self.activation.backward(dhidden, cache.activation)
        return self.linear1.backward(dhidden, cache.linear1)
