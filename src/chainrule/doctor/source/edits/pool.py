"""What an edit may insert."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Pool:
    """What an edit may insert: the texts of arrays and of numbers that are in reach in backward."""

    arrays: list[str]
    scalars: list[str]
    upstream: list[str]
    shapes: dict[str, tuple[int, ...]]
    lists: list[str] = field(default_factory=list)  # what is read element by element
    unread: list[str] = field(default_factory=list)  # what the function computes and never reads
