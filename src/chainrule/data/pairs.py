"""Pairs of texts, source and target: what a translation model learns from."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.random import fold


@dataclass(frozen=True, repr=False)
class Pairs:
    """source[i] is to become target[i]. Raises ValueError if there are not as many of both.

    languages: what the two are called, for people; ("English", "German").
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    languages: tuple[str, str] = ("source", "target")

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            raise ValueError(
                f"pairs need as many sources as targets: there are {len(self.source)} {self.languages[0]} "
                f"and {len(self.target)} {self.languages[1]} texts"
            )

    def __len__(self) -> int:
        return len(self.source)

    def subset(self, indices: Array) -> Pairs:
        """The pairs at these indices."""
        source, target = (tuple(side[i] for i in indices) for side in (self.source, self.target))
        return Pairs(source, target, self.languages)

    def __repr__(self) -> str:
        return f"Pairs: {len(self):,} from {self.languages[0]} to {self.languages[1]}"


@dataclass(frozen=True, repr=False)
class PairSplits:
    """Pairs to learn from, to compare settings by, and to report. origin: where they come from."""

    name: str
    train: Pairs
    validation: Pairs
    test: Pairs
    origin: str

    @property
    def languages(self) -> tuple[str, str]:
        """What source and target are called."""
        return self.train.languages

    def fingerprint(self) -> str:
        """Sixteen characters that change with any text or with the split."""
        content = [[part.source, part.target] for part in (self.train, self.validation, self.test)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        sizes = f"{len(self.train):,} + {len(self.validation):,} + {len(self.test):,}"
        return f"PairSplits {self.name}: {sizes} pairs from {self.languages[0]} to {self.languages[1]}"


HELD_OUT = 0.05  # of the different sources, for validation, and as many for testing
HELD_OUT_AT_MOST = 2000
FEWEST = 20


def split_by_source(pairs: Pairs, name: str, origin: str, seed: int = 0) -> PairSplits:
    """Every pair with the same source is in the same part: a source that is tested was never trained on.

    A twentieth of the different sources, but at most 2,000, are drawn for validation, and as many for
    testing. Sources that differ in upper and lower case alone, or in how an accent was typed, are the same.
    In each part the pairs keep their order. Raises ValueError if fewer than 20 sources differ.
    """
    keys = [unicodedata.normalize("NFC", source).casefold() for source in pairs.source]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    if len(numbers) < FEWEST:
        raise ValueError(
            f"{origin} has {len(numbers)} different sources, too few to learn from: {FEWEST} are the least"
        )
    held_out = min(max(1, round(HELD_OUT * len(numbers))), HELD_OUT_AT_MOST)
    part_of = np.zeros(len(numbers), np.int64)  # per source: 0 train, 1 validation, 2 test
    drawn = np.random.Generator(np.random.Philox(key=fold(seed))).permutation(len(numbers))
    part_of[drawn[:held_out]], part_of[drawn[held_out : 2 * held_out]] = 1, 2
    parts = part_of[[numbers[key] for key in keys]]  # (pairs,)
    train, validation, test = (pairs.subset(np.flatnonzero(parts == part)) for part in range(3))
    return PairSplits(name, train, validation, test, origin)
