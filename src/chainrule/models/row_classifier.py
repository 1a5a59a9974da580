"""Images read like texts: an LSTM takes them row by row, and its final state decides.

    image (28, 28) -> 28 steps of 28 numbers -> LSTM -> final state -> dropout -> linear -> logits

No convolution, no pooling: only the order of the rows tells it what stands above what (Le, Jaitly and Hinton
2015, section 4.2, go pixel by pixel; by rows, sequences stay short).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.functions.arrays import Array
from chainrule.layers import Dropout, Layer, Linear

from .cells import recurrent
from .many_to_one import ManyToOne

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float


class RowClassifierCache(NamedTuple):
    image_shape: tuple[int, ...]
    encoder: Any
    dropout: Any
    decoder: Any


class RowClassifier(Layer):
    """Reads images (batch, in_channels, size, size), gives logits (batch, classes).

    All channels of one row stand side by side in one step. dropout stands between the recurrent layers and
    before the decoder.
    """

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 28,
        classes: int = 10,
        hidden: int = 128,
        layers: int = 1,
        cell: str = "lstm",
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        self.encoder = ManyToOne(recurrent(cell, in_channels * size, hidden, layers, dropout, **options))
        self.dropout = Dropout(dropout)
        self.decoder = Linear(self.encoder.size, classes)

    def forward(
        self, images: Float[Array, "batch channels height width"]
    ) -> tuple[Float[Array, "batch classes"], RowClassifierCache]:
        last, encoder_cache = self.encoder.forward(rows(images))             # (batch, hidden)
        last, dropout_cache = self.dropout.forward(last)
        logits, decoder_cache = self.decoder.forward(last)                   # (batch, classes)
        return logits, RowClassifierCache(images.shape, encoder_cache, dropout_cache, decoder_cache)

    def backward(
        self, dlogits: Float[Array, "batch classes"], cache: RowClassifierCache
    ) -> Float[Array, "batch channels height width"]:
        dlast = self.decoder.backward(dlogits, cache.decoder)
        dlast = self.dropout.backward(dlast, cache.dropout)
        dx, _ = self.encoder.backward(dlast, cache.encoder)
        return rows_backward(dx, cache.image_shape)


def rows(images: Float[Array, "batch channels height width"]) -> Float[Array, "batch height channels_width"]:
    """The rows from top to bottom. The axis of the steps is brought forward first, then two are joined."""
    batch, channels, height, width = images.shape
    return images.transpose(0, 2, 1, 3).reshape(batch, height, channels * width)


def rows_backward(
    dx: Float[Array, "batch height channels_width"], image_shape: tuple[int, ...]
) -> Float[Array, "batch channels height width"]:
    """The inverse: a transpose and a reshape move numbers, and change none."""
    batch, channels, height, width = image_shape
    return dx.reshape(batch, height, channels, width).transpose(0, 2, 1, 3)
