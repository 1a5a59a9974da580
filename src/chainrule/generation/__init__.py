"""Generation: ids drawn one after the other from what a model expects next, and how good the result is."""

from .alignment import Alignment, alignment
from .alignment_text import alignment_text
from .beam_search import beam_search
from .decode import greedy, sample_to_end
from .distribution import next_distribution
from .generate import StepModel, generate
from .hypothesis import Hypothesis, length_penalty
from .sampling import draw, sample
from .scores import Bleu, Chrf, bleu, chrf, exact_match
from .text import Vocabulary, generate_text
from .translate import Translation, translate

__all__ = [
    "Alignment", "Bleu", "Chrf", "Hypothesis", "StepModel", "Translation", "Vocabulary", "alignment",
    "alignment_text", "beam_search", "bleu", "chrf", "draw", "exact_match", "generate", "generate_text",
    "greedy", "length_penalty", "next_distribution", "sample", "sample_to_end", "translate",
]  # fmt: skip
