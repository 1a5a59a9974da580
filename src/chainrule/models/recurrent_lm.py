"""A recurrent language model: after every character, how likely is each to come next?

    ids -> embedding -> RNN, LSTM or GRU -> dropout -> linear -> logits

(Mikolov et al. 2010; with characters: Graves 2013, section 3.) The same network, unrolled over six steps:

    targets     h     e     _     c     a     t
                ^     ^     ^     ^     ^     ^
    state ->  [ h ] [ h ] [ h ] [ h ] [ h ] [ h ]  -> state
                ^     ^     ^     ^     ^     ^
    ids         t     h     e     _     c     a
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.functions.arrays import Array
from chainrule.layers import Dropout, Embedding, Layer, Linear

from .cells import recurrent

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


class RecurrentLMCache(NamedTuple):
    embedding: Any
    rnn: Any
    dropout: Any
    decoder: Any


class RecurrentLM(Layer):
    """Reads ids (batch, time), gives logits (batch, time, vocabulary), and hands its state on.

        (logits, state), cache = model.forward(ids, state)
        None, dstate = model.backward((dlogits, dstate_n), cache)         ids have no gradient

    embedding: features per character. dropout stands between the recurrent layers and before the decoder.
    tied=True: the decoder's weight is the embedding's, so that one table says what a character means when it
    is read and when it is predicted (Press and Wolf 2017); embedding must then equal hidden. More options of
    the recurrent layer, such as recurrent_init= or forget_bias=, are handed on.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding: int = 64,
        hidden: int = 256,
        layers: int = 2,
        cell: str = "lstm",
        dropout: float = 0.0,
        tied: bool = False,
        **options: Any,
    ) -> None:
        if tied and embedding != hidden:
            raise ValueError(
                f"a tied decoder needs an embedding as large as the state, got {embedding} and {hidden}"
            )
        self.embedding = Embedding(vocabulary, embedding)
        self.rnn = recurrent(cell, embedding, hidden, layers, dropout, **options)
        self.dropout = Dropout(dropout)
        self.decoder = Linear(hidden, vocabulary)
        if tied:
            self.decoder.weight = self.embedding.weight

    def forward(
        self, ids: Int[Array, "batch time"], state: Any = None
    ) -> tuple[tuple[Float[Array, "batch time vocabulary"], Any], RecurrentLMCache]:
        x, embedding_cache = self.embedding.forward(ids)                     # (batch, time, embedding)
        (h, state_n), rnn_cache = self.rnn.forward(x, state)                 # (batch, time, hidden)
        h, dropout_cache = self.dropout.forward(h)
        logits, decoder_cache = self.decoder.forward(h)                      # (batch, time, vocabulary)
        cache = RecurrentLMCache(embedding_cache, rnn_cache, dropout_cache, decoder_cache)
        return (logits, state_n), cache

    def backward(
        self, dy: tuple[Float[Array, "batch time vocabulary"], Any], cache: RecurrentLMCache
    ) -> tuple[None, Any]:
        dlogits, dstate_n = dy
        dh = self.decoder.backward(dlogits, cache.decoder)
        dh = self.dropout.backward(dh, cache.dropout)
        dx, dstate, _ = self.rnn.backward((dh, dstate_n), cache.rnn)
        self.embedding.backward(dx, cache.embedding)                         # a tied weight adds up both
        return None, dstate

    def step(self, ids: Int[Array, "batch time"], state: Any = None) -> tuple[Array, Any]:
        """Logits (batch, vocabulary) for the character after the last one, and the state: for generation."""
        logits, state_n = self(ids, state)
        return logits[:, -1], state_n

    def state_rows(self, state: Any, rows: Int[Array, " chosen"]) -> Any:
        """Those rows of the batch: it is the second axis of a state (layers, batch, hidden)."""
        return self.rnn.as_state(tuple(part[:, rows] for part in self.rnn.parts(state)))
