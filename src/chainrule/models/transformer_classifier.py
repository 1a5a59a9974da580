"""A Transformer that decides: is this review for or against, from which language is this name?

    ids -> embedding + positions -> encoder -> mean of all positions, or a token -> linear -> logits

Nothing is masked but padding: a position may look at what comes later, too.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.functions.arrays import Array
from chainrule.layers import Dropout, Layer, Linear

from .all_to_one import AllToOne
from .token_embedding import TokenEmbedding, padding

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


class TransformerClassifierCache(NamedTuple):
    input: Any
    encoder: Any
    dropout: Any
    output: Any


class TransformerClassifier(Layer):
    """Reads ids (batch, time), of which lengths (batch,) are real, gives logits (batch, classes).

        logits, cache = model.forward(ids, lengths)
        None, None = model.backward(dlogits, cache)        neither ids nor lengths have a gradient

    Without lengths, every pad_id is padding, if there is one. pooling: "mean" of the valid positions, or
    "first", a learned token that stands before them (see `all_to_one.py`). positions: see TokenEmbedding;
    with "learned" there are max_length of them. Embeddings are multiplied by √d_model. More options, such as
    attention_dropout, are those of TransformerEncoder.
    """

    def __init__(
        self,
        vocabulary: int,
        classes: int,
        d_model: int = 128,
        nhead: int = 4,
        num_layers: int = 2,
        dim_feedforward: int | None = None,
        dropout: float = 0.1,
        *,
        pooling: str = "mean",
        pad_id: int | None = None,
        positions: str = "sinusoidal",
        max_length: int = 512,
        norm_first: bool = True,
        **options: Any,
    ) -> None:
        self.pad_id = pad_id
        self.input = TokenEmbedding(vocabulary, d_model, positions, max_length, dropout, sqrt(d_model))
        self.encoder = AllToOne(
            d_model, nhead, num_layers, pooling, norm_first=norm_first, dropout=dropout,
            dim_feedforward=4 * d_model if dim_feedforward is None else dim_feedforward,
            rotary=positions == "rotary", **options,
        )
        self.dropout = Dropout(dropout)
        self.output = Linear(d_model, classes)

    def forward(
        self, ids: Int[Array, "batch time"], lengths: Int[Array, " batch"] | None = None
    ) -> tuple[Float[Array, "batch classes"], TransformerClassifierCache]:
        x, input_cache = self.input.forward(ids)                             # (batch, time, d_model)
        ignored = padding("TransformerClassifier", ids, lengths, self.pad_id)
        y, encoder_cache = self.encoder.forward(x, ignored)                  # (batch, d_model)
        y, dropout_cache = self.dropout.forward(y)
        logits, output_cache = self.output.forward(y)                        # (batch, classes)
        return logits, TransformerClassifierCache(input_cache, encoder_cache, dropout_cache, output_cache)

    def backward(
        self, dlogits: Float[Array, "batch classes"], cache: TransformerClassifierCache
    ) -> tuple[None, None]:
        dy = self.output.backward(dlogits, cache.output)
        dy = self.dropout.backward(dy, cache.dropout)
        dx, _ = self.encoder.backward(dy, cache.encoder)
        self.input.backward(dx, cache.input)
        return None, None
