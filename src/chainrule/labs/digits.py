"""The images that the labs learn from: scikit-learn's digits, standardized."""

from __future__ import annotations

from chainrule.data import Normalization, load_images
from chainrule.functions.arrays import Array


def standardized_digits() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """(images, labels) to train with, and to test with; normalized by what the training images are like."""
    train, test = load_images("digits")
    normalization = Normalization.standard(train.images)
    return (normalization.apply(train.images), train.labels), (normalization.apply(test.images), test.labels)
