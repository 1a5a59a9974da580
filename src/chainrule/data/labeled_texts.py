"""Texts with one label each: short ones such as names, or long ones such as reviews."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from chainrule.functions.arrays import Array

from .splitting import grouped_split


@dataclass(frozen=True, repr=False, eq=False)
class LabeledTexts:
    """texts and labels (count,), integers 0 ... len(classes) - 1."""

    texts: tuple[str, ...]
    labels: Array
    classes: tuple[str, ...]
    name: str

    what: ClassVar[str] = "texts"

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]], source: str | Path) -> Self:
        """Of pairs (text, label); the classes are the labels that occur, sorted. source: where they are from.

        Raises ValueError unless there are at least two.
        """
        classes = tuple(sorted({label for _, label in pairs}))
        if len(classes) < 2:
            found = f"only {classes[0]!r}" if classes else "none"
            raise ValueError(
                f"{source}: expected {cls.what} with at least two different labels, found {found}"
            )
        numbers = {label: number for number, label in enumerate(classes)}
        labels = np.array([numbers[label] for _, label in pairs], np.int64)
        return cls(tuple(text for text, _ in pairs), labels, classes, Path(source).stem)

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, indices: Array) -> Self:
        """Those at these indices."""
        texts = tuple(self.texts[i] for i in indices)
        return type(self)(texts, self.labels[indices], self.classes, self.name)

    def split(self, fraction: float, seed: int = 0) -> tuple[Self, Self]:
        """(rest, part): `part` has this fraction of every class, at least one text, and none that `rest` has,
        whatever the case of its letters.

        Raises ValueError for a fraction outside (0, 1), or if a class has too few to be on both sides.
        """
        groups = [text.casefold() for text in self.texts]
        rest, part = grouped_split(self.labels, groups, fraction, seed, self.classes)
        return self.subset(rest), self.subset(part)

    def __repr__(self) -> str:
        counts = np.bincount(self.labels, minlength=len(self.classes))
        per_class = ", ".join(f"{name} {count}" for name, count in zip(self.classes, counts, strict=True))
        return f"{type(self).__name__} {self.name}: {len(self)} {self.what}: {per_class}"


def fingerprint(parts: Iterable[LabeledTexts]) -> str:
    """Sixteen characters that change with any text, label, class or the split itself."""
    content = [[part.classes, part.texts, part.labels.tolist()] for part in parts]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
