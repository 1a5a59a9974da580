"""Augmentation: what the model should not care about is varied while it learns."""

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.random import fold

SHIFT = 1  # part of the key: what is drawn for other purposes from the same seed is drawn anew


def random_shift(images: Array, pixels: int, seed: int, step: int, fill: Array | float = 0.0) -> Array:
    """Moves every image by a whole number of pixels, from -pixels to pixels in both directions, drawn for
    each anew.

    images (batch, channels, height, width); `fill`, a number or one per channel, moves in at the edges. The
    offsets depend on seed, step and the position in the batch alone. Raises ValueError unless 0 <= pixels <
    the image's size.
    """
    batch, channels, height, width = images.shape
    if not 0 <= pixels < min(height, width):
        raise ValueError(
            f"a shift must be from 0 to less than the image's size {height} x {width}, got {pixels} pixels"
        )
    generator = np.random.Generator(np.random.Philox(key=fold(seed, step, SHIFT)))
    down, right = generator.integers(-pixels, pixels + 1, (batch, 2)).T[:, :, None]  # (batch, 1) each
    shape = (batch, channels, height + 2 * pixels, width + 2 * pixels)
    framed = np.empty(shape, images.dtype)
    framed[...] = np.asarray(fill, images.dtype).reshape(-1, 1, 1)
    framed[:, :, pixels : pixels + height, pixels : pixels + width] = images
    rows = pixels - down + np.arange(height)  # (batch, height): where each row of the result comes from
    columns = pixels - right + np.arange(width)  # (batch, width)
    samples = np.arange(batch)[:, None, None]
    # two advanced indices around a slice put the channels last
    return framed[samples, :, rows[:, :, None], columns[:, None, :]].transpose(0, 3, 1, 2)
