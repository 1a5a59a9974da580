"""Augmentation: what the model should not care about is varied while it learns."""

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.random import fold

# part of the key: what is drawn for other purposes from the same seed is drawn anew
SHIFT, TOKENS = 1, 8


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


def drop_tokens(ids: Array, share: float, unknown: int, seed: int, step: int) -> Array:
    """Replaces each id by `unknown` with probability `share`, for all alike, drawn anew for each place.

    A text should be understood without any single one of its words; and so the model learns what the unknown
    one means. (Iyyer et al. 2015, section 2.2, leave the words out.) ids (batch, time) stay as they are, a
    new array is returned. Depends on seed, step and the place alone.
    """
    generator = np.random.Generator(np.random.Philox(key=fold(seed, step, TOKENS)))
    dropped: Array = np.where(generator.random(ids.shape) < share, unknown, ids)
    return dropped
