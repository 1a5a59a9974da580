"""What the first layer of a Transformer reads: what stands there, and where it stands.

    x[t] = scale · E[ids[t]] + P[t]                      E: the table of embeddings, P: of positions

**Why the scale?** A table that is also the output projection begins with numbers of about 1 / √d_model, so
that logits are of about 1. Beside positions of about 1 such an embedding would hardly be seen; the paper
multiplies it by √d_model. (Vaswani et al. 2017, section 3.4.)

**Backward.** The scale comes back: dE[id] = scale · (the sum of dx[t] over all t where that id stood). One
who forgets it trains the table √d_model times too slowly, and where the table is tied, its two gradients no
longer fit each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.functions.arrays import Array, describe
from chainrule.functions.recurrence import valid_steps
from chainrule.layers import Dropout, Embedding, Layer, LearnedPositionalEncoding, PositionalEncoding, init

if TYPE_CHECKING:
    from chainrule.functions.arrays import Bool, Float, Int

POSITIONS = ("sinusoidal", "learned", "rotary", "none")


class TokenEmbeddingCache(NamedTuple):
    embedding: Any
    positions: Any                                                           # None: nothing was added
    dropout: Any


class TokenEmbedding(Layer):
    """ids (batch, time) -> (batch, time, d_model): embeddings times scale, plus positions, then dropout.

    positions: "sinusoidal" (the paper), "learned" (a table of max_length rows), or nothing is added: "none",
    or "rotary", which is the attention's part. The table begins as normal(0, 1 / √d_model).
    """

    def __init__(
        self,
        vocabulary: int,
        d_model: int,
        positions: str = "sinusoidal",
        max_length: int = 512,
        dropout: float = 0.0,
        scale: float = 1.0,
    ) -> None:
        if positions not in POSITIONS:
            raise ValueError(f"no positions are called {positions!r}: choose one of {', '.join(POSITIONS)}")
        self.scale = scale
        self.embedding = Embedding(vocabulary, d_model)
        init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.positions: Layer | None = None
        if positions == "sinusoidal":
            self.positions = PositionalEncoding()
        elif positions == "learned":
            self.positions = LearnedPositionalEncoding(max_length, d_model)
        self.dropout = Dropout(dropout)

    def forward(
        self, ids: Int[Array, "batch time"], start: int = 0
    ) -> tuple[Float[Array, "batch time d_model"], TokenEmbeddingCache]:
        """start: the position of the first id, where a sequence comes in pieces.

        Raises IndexError for an id without a row, ValueError for ids of other axes, for none at all, and
        where learned positions end.
        """
        if ids.ndim != 2 or ids.shape[1] == 0:
            raise ValueError(
                f"expected ids (batch, time), at least one per sample, got {describe('ids', ids)}"
            )
        x, embedding_cache = self.embedding.forward(ids)
        x, positions_cache = self.scale * x, None
        if self.positions is not None:
            x, positions_cache = self.positions.forward(x, start)
        x, dropout_cache = self.dropout.forward(x)
        return x, TokenEmbeddingCache(embedding_cache, positions_cache, dropout_cache)

    def backward(self, dx: Float[Array, "batch time d_model"], cache: TokenEmbeddingCache) -> None:
        """Adds the tables' gradients. ids have none: returns None."""
        dx = self.dropout.backward(dx, cache.dropout)
        if self.positions is not None:
            dx = self.positions.backward(dx, cache.positions)
        self.embedding.backward(self.scale * dx, cache.embedding)            # x = scale * embedding

    def extra_repr(self) -> str:
        return "" if self.scale == 1 else f"scale={self.scale:.4g}"


def padding(
    name: str, ids: Int[Array, "batch time"], lengths: Int[Array, " batch"] | None, pad_id: int | None
) -> Bool[Array, "batch time"] | None:
    """The key padding mask: True where an id only fills up its row, so that nobody looks at it.

    By lengths, where they are given, else by the id that fills up, else there is none. Raises ValueError for
    lengths that are not from 1 to time, and for a sample of nothing but pad_id.
    """
    if lengths is not None:
        outside: Array = ~valid_steps(name, ids, lengths)[..., 0]
        return outside
    if pad_id is None:
        return None
    mask: Array = ids == pad_id
    if mask.all(-1).any():
        sample = int(mask.all(-1).argmax())
        raise ValueError(f"{name}: sample {sample} is nothing but padding (id {pad_id}): leave it out")
    return mask
