"""Normalization: inputs of mean 0 and spread 1 make good first steps; the same numbers must be used ever
after.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array


class Normalization(NamedTuple):
    """(pixel - mean) / std, with one mean and one std per channel, in the pixels' own units. It is stored
    with a run.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def standard(cls, images: Array) -> Normalization:
        """So that these images, (count, channels, height, width), get mean 0 and std 1. A constant channel is
        only centered.
        """
        pixels = images.astype(np.float64, copy=False) if images.dtype.kind == "f" else images
        mean, std = pixels.mean((0, 2, 3), dtype=np.float64), pixels.std((0, 2, 3), dtype=np.float64)
        return cls(tuple(mean.tolist()), tuple(np.where(std > 0, std, 1.0).tolist()))

    @classmethod
    def unit(cls, images: Array) -> Normalization:
        """From 0 to 1: what is black stays 0. The scale is 255 for bytes, else the largest pixel."""
        channels = images.shape[1]
        scale = 255.0 if images.dtype == np.uint8 else float(images.max()) or 1.0
        return cls((0.0,) * channels, (scale,) * channels)

    def apply(self, images: Array) -> Array:
        """float32 (count, channels, height, width). Raises ValueError for another number of channels."""
        if images.shape[1] != len(self.mean):
            raise ValueError(
                f"the normalization is for {len(self.mean)} channels, the images have {images.shape[1]}"
            )
        mean, std = (np.array(values, np.float32).reshape(-1, 1, 1) for values in self)
        normalized: Array = (images.astype(np.float32) - mean) / std
        return normalized

    @property
    def black(self) -> Array:
        """What a pixel of 0 becomes, (channels,): the background that moves in when an image is shifted."""
        return self.apply(np.zeros((1, len(self.mean), 1, 1), np.float32)).ravel()

    def to_json(self) -> dict[str, Any]:
        return {"mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Normalization:
        return cls(tuple(content["mean"]), tuple(content["std"]))
