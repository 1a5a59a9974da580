"""What an edit may insert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

Shape = tuple[int, ...]


@dataclass
class Pool:
    """What an edit may insert: the texts of arrays and of numbers that are in reach in backward."""

    arrays: list[str]
    scalars: list[str]
    upstream: list[str]
    shapes: dict[str, Shape]
    lists: list[str] = field(default_factory=list)  # what is read element by element
    unread: list[str] = field(default_factory=list)  # what the function computes and never reads
    gradients: set[str] = field(default_factory=set)  # arrays that depend on the upstream
    later: dict[str, list[Shape]] = field(default_factory=dict)  # of names that are bound again
    activations: set[str] = field(default_factory=set)  # arrays whose numbers are all between -1 and 1

    @property
    def fixed(self) -> list[str]:
        """What a gradient may be multiplied with: backward is linear in the upstream."""
        return [a for a in self.arrays if a not in self.gradients]

    def fits(self, text: str, other: str) -> bool:
        """Whether one may be multiplied with the other, or added to it, as far as their shapes are known."""
        if text not in self.shapes or other not in self.shapes:
            return True
        of_text, of_other = ([*self.later.get(t, []), self.shapes[t]] for t in (text, other))
        return any(_goes_into(b, a) for a in of_text for b in of_other)

    def factors_of(self, text: str) -> Iterator[str]:
        """The arrays with which this may have to be multiplied."""
        return (a for a in self.fixed if a != text and self.fits(text, a))

    def terms_of(self, text: str) -> Iterator[str]:
        """The arrays that may have to be added to this."""
        return (a for a in self.arrays if a in self.gradients and self.fits(text, a))


def _goes_into(shape: Shape, other: Shape) -> bool:
    try:
        return np.broadcast_shapes(shape, other) == other
    except ValueError:
        return False
