"""A photographed or drawn digit, brought into the form in which the data sets of digits show theirs.

There, ink is bright on a dark background, the digit fills a fixed part of the image, and its center of mass
stands in the middle (LeCun et al. 1998, section III.A). A network has never seen anything else: a digit in a
corner, or black on white, is no digit to it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chainrule.data import read_image
from chainrule.data.image_folder import image_size, resize
from chainrule.functions.arrays import Array

INK = 0.25  # what is brighter than this share of the brightest pixel counts as ink


def center_ink(path: str | Path, size: int) -> Array:
    """(1, size, size) uint8: bright ink on black, cut out, scaled and centered. Raises ValueError if there is
    no ink.
    """
    width, height = image_size(path)
    image = read_image(path, 1, height, width)[0].astype(np.float64)
    rim = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.median(rim) > 127:  # black on white
        image = 255 - image
    image = np.clip(image - np.median(np.minimum(rim, 255 - rim)), 0, None)
    if not image.max() > 0:
        raise ValueError(f"{path}: there is nothing on this image: all pixels are equal")
    image *= 255 / image.max()

    rows, columns = (np.flatnonzero((image > INK * 255).any(axis)) for axis in (1, 0))
    digit = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # 20 of 28 pixels, as MNIST does it; images as small as 8 x 8 are filled from top to bottom
    box = size if size < 16 else round(size * 20 / 28)
    scale = box / max(digit.shape)
    shape = tuple(max(1, round(side * scale)) for side in digit.shape)
    digit = resize(digit.astype(np.uint8), shape[0], shape[1]).astype(np.float64)

    mass = digit.sum()
    center = [(digit.sum(1 - axis) @ np.arange(digit.shape[axis])) / mass for axis in (0, 1)]
    top, left = (
        int(np.clip(round((size - 1) / 2 - c), 0, size - side))
        for c, side in zip(center, digit.shape, strict=True)
    )
    canvas = np.zeros((1, size, size), np.uint8)
    canvas[0, top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return canvas
