"""A trained model for images out of its run directory, ready to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chainrule.data import Normalization, read_image
from chainrule.functions import softmax
from chainrule.functions.arrays import Array
from chainrule.layers import Layer
from chainrule.models import build
from chainrule.training import Run

from .handwriting import center_ink


@dataclass(frozen=True)
class TrainedModel:
    """The model with its trained weights, in evaluation mode, and what its inputs and outputs mean."""

    model: Layer
    classes: tuple[str, ...]
    normalization: Normalization
    image_shape: tuple[int, int, int]  # (channels, height, width)
    pixel_max: float
    handwriting: bool

    what: ClassVar[str] = "image"

    def read(self, paths: Sequence[str | Path]) -> Array:
        """Image files as the model's inputs, (images, channels, height, width), normalized as in training."""
        channels, height, width = self.image_shape
        if self.handwriting:
            images = np.stack([center_ink(path, height) for path in paths])
        else:
            images = np.stack([read_image(path, channels, height, width) for path in paths])
        return self.normalization.apply(images.astype(np.float32) * np.float32(self.pixel_max / 255))

    def predict(self, paths: Sequence[str | Path]) -> Array:
        """Probabilities (images, classes) for image files."""
        probabilities, _ = softmax(self.model(self.read(paths)))
        return probabilities

    def remarks(self, paths: Sequence[str | Path]) -> list[str]:
        """None: every pixel means something."""
        return []


def load_trained(run: Run, weights: str = "last") -> TrainedModel:
    """weights: "last", those of the end, or "best", those with the best validation accuracy.

    Raises FileNotFoundError or ValueError, naming the file, if something is missing or damaged.
    """
    description = run.read_json("model.json")
    options: dict[str, Any] = description["options"]
    model = build(description["model"], **options)
    run.load_weights(model, weights)
    return TrainedModel(
        model.eval(),
        tuple(description["classes"]),
        Normalization.from_json(description["normalization"]),
        (options["in_channels"], options["size"], options["size"]),
        description["pixel_max"],
        description["handwriting"],
    )
