"""A recurrent classifier: of which kind is this name, this word, this sentence?

    ids -> embedding -> RNN, LSTM or GRU -> final state -> dropout -> linear -> logits
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.functions.arrays import Array
from chainrule.layers import Dropout, Embedding, Layer, Linear

from .cells import recurrent
from .many_to_one import ManyToOne

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


class RecurrentClassifierCache(NamedTuple):
    embedding: Any
    encoder: Any
    dropout: Any
    decoder: Any


class RecurrentClassifier(Layer):
    """Reads ids (batch, time), of which lengths (batch,) are real, gives logits (batch, classes).

        logits, cache = model.forward(ids, lengths)
        None, None = model.backward(dlogits, cache)        neither ids nor lengths have a gradient

    embedding: features per character. dropout stands between the recurrent layers and before the decoder.
    More options of the recurrent layer, such as recurrent_init= or forget_bias=, are handed on.
    """

    def __init__(
        self,
        vocabulary: int,
        classes: int,
        embedding: int = 64,
        hidden: int = 128,
        layers: int = 1,
        cell: str = "lstm",
        bidirectional: bool = False,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        self.embedding = Embedding(vocabulary, embedding)
        self.encoder = ManyToOne(
            recurrent(cell, embedding, hidden, layers, dropout, bidirectional=bidirectional, **options)
        )
        self.dropout = Dropout(dropout)
        self.decoder = Linear(self.encoder.size, classes)

    def forward(
        self, ids: Int[Array, "batch time"], lengths: Int[Array, " batch"] | None = None
    ) -> tuple[Float[Array, "batch classes"], RecurrentClassifierCache]:
        x, embedding_cache = self.embedding.forward(ids)                     # (batch, time, embedding)
        last, encoder_cache = self.encoder.forward(x, lengths)               # (batch, directions x hidden)
        last, dropout_cache = self.dropout.forward(last)
        logits, decoder_cache = self.decoder.forward(last)                   # (batch, classes)
        return logits, RecurrentClassifierCache(embedding_cache, encoder_cache, dropout_cache, decoder_cache)

    def backward(
        self, dlogits: Float[Array, "batch classes"], cache: RecurrentClassifierCache
    ) -> tuple[None, None]:
        dlast = self.decoder.backward(dlogits, cache.decoder)
        dlast = self.dropout.backward(dlast, cache.dropout)
        dx, _ = self.encoder.backward(dlast, cache.encoder)
        self.embedding.backward(dx, cache.embedding)
        return None, None
