"""A set of labeled images, checked once, when it is made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chainrule.functions.arrays import Array


@dataclass(frozen=True, repr=False)
class ImageDataset:
    """images (count, channels, height, width), uint8 or floating point; labels (count,), integers 0 ...
    len(classes) - 1.

    Raises ValueError, naming the first image or label that is wrong.
    """

    images: Array
    labels: Array
    classes: tuple[str, ...]
    name: str

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.ndim != 4:
            raise ValueError(
                f"{self.name}: images must be (count, channels, height, width), got {images.shape}"
            )
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            raise ValueError(f"{self.name}: images must be uint8 or floating point, got {images.dtype}")
        if labels.shape != images.shape[:1]:
            raise ValueError(
                f"{self.name}: there are {len(images)} images, but labels of shape {labels.shape}"
            )
        if not len(images):
            raise ValueError(f"{self.name}: there are no images")
        if labels.dtype.kind not in "iu":
            raise ValueError(f"{self.name}: labels must be integers, got {labels.dtype}")
        wrong = (labels < 0) | (labels >= len(self.classes))
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(
                f"{self.name}: label {labels[row]} of image {row} is out of range: "
                f"{len(self.classes)} classes, "
                f"0 to {len(self.classes) - 1}"
            )
        if images.dtype.kind == "f":
            bad = ~np.isfinite(images).all((1, 2, 3))
            if bad.any():
                raise ValueError(f"{self.name}: image {int(bad.argmax())} holds NaN or infinity")

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, indices: Array) -> ImageDataset:
        """The images at these indices."""
        return ImageDataset(self.images[indices], self.labels[indices], self.classes, self.name)

    def __repr__(self) -> str:
        _, channels, height, width = self.images.shape
        counts = np.bincount(self.labels, minlength=len(self.classes))
        per_class = ", ".join(f"{name} {count}" for name, count in zip(self.classes, counts, strict=True))
        size = f"{len(self)} images of {channels} x {height} x {width} ({self.images.dtype})"
        return f"ImageDataset {self.name}: {size}: {per_class}"


class Splits(NamedTuple):
    """What a model learns from, and what it is judged by."""

    train: ImageDataset
    test: ImageDataset

    def fingerprint(self) -> str:
        """Sixteen characters that change with any pixel, label, class or the split itself."""
        digest = hashlib.sha256(json.dumps(self.train.classes).encode())
        for dataset in self:
            digest.update(np.ascontiguousarray(dataset.labels).data)
            digest.update(np.ascontiguousarray(dataset.images).data)
        return digest.hexdigest()[:16]
