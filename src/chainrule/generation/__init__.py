"""Generation: ids drawn one after the other from what a model expects next, and how good the result is."""

from .beam_search import beam_search
from .decode import greedy, sample_to_end
from .distribution import next_distribution
from .generate import StepModel, generate
from .hypothesis import Hypothesis, length_penalty
from .sampling import draw, sample
from .scores import Bleu, Chrf, bleu, chrf, exact_match
from .text import Vocabulary, generate_text

__all__ = [
    "Bleu", "Chrf", "Hypothesis", "StepModel", "Vocabulary", "beam_search", "bleu", "chrf", "draw",
    "exact_match", "generate", "generate_text", "greedy", "length_penalty", "next_distribution", "sample",
    "sample_to_end",
]  # fmt: skip
