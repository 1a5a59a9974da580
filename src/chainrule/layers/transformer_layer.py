"""What the layers of a Transformer's encoder and decoder share."""

from __future__ import annotations

from collections.abc import Iterator

from .feed_forward import FeedForward
from .layer import Layer
from .linear import Linear


class TransformerLayer(Layer):
    """The parts of its feed-forward layer have PyTorch's names, linear1, linear2, as if they were its own."""

    feed_forward: FeedForward
    norm_first: bool

    def named_children(self) -> Iterator[tuple[str, Layer]]:
        for name, child in super().named_children():
            if child is self.feed_forward:
                yield from child.named_children()
            else:
                yield name, child

    @property
    def linear1(self) -> Linear:
        return self.feed_forward.linear1

    @property
    def linear2(self) -> Linear:
        return self.feed_forward.linear2

    def extra_repr(self) -> str:
        return "norm_first=True" if self.norm_first else ""
