"""Generation: ids drawn one after the other from what a model expects next, and how good the result is."""

from .distribution import next_distribution
from .generate import StepModel, generate
from .sampling import draw, sample
from .scores import Bleu, Chrf, bleu, chrf, exact_match
from .text import Vocabulary, generate_text

__all__ = [
    "Bleu", "Chrf", "StepModel", "Vocabulary", "bleu", "chrf", "draw", "exact_match", "generate",
    "generate_text", "next_distribution", "sample",
]  # fmt: skip
