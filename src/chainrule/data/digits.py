"""The digits that come with scikit-learn: 1,797 images of 8 x 8, read from handwritten forms; no download.

Pixels count, 0 to 16, how many of 4 x 4 finer ones were inked.  (Alpaydin and Kaynak 1998, *Optical
Recognition of Handwritten Digits*, UCI Machine Learning Repository: the test part of that set.)
"""

from __future__ import annotations

import numpy as np

from .extras import require
from .image_dataset import ImageDataset, Splits
from .splitting import stratified_split

DIGITS = tuple("0123456789")


def load_digits(split: str = "stratified") -> Splits:
    """Images (count, 1, 8, 8), float32, 0 to 16.

    split="stratified": a fixed quarter of every class is for testing, 450 images. split="last-half": the
    first half of the file trains and the last half tests; harder, because fewer images, and to a good part
    other writers.
    """
    if split not in ("stratified", "last-half"):
        raise ValueError(f"split must be 'stratified' or 'last-half', got {split!r}")
    bunch = require("sklearn.datasets", "the digits data set").load_digits()
    images = bunch.images[:, None].astype(np.float32)  # (1797, 1, 8, 8)
    name = "digits" if split == "stratified" else "digits-last-half"
    digits = ImageDataset(images, bunch.target.astype(np.int64), DIGITS, name)
    if split == "stratified":
        train, test = stratified_split(digits.labels, test_fraction=0.25)
    else:
        train, test = np.split(np.arange(len(digits)), [len(digits) // 2])
    return Splits(digits.subset(train), digits.subset(test))
