"""Generation: ids drawn one after the other from what a model expects next, its state carried along."""

from .distribution import next_distribution
from .generate import StepModel, generate
from .sampling import draw, sample
from .text import Vocabulary, generate_text

__all__ = [
    "StepModel", "Vocabulary", "draw", "generate", "generate_text", "next_distribution", "sample",
]  # fmt: skip
