"""Generation: ids drawn one after the other from what a model expects next, its state carried along."""

from .alignment import Alignment, alignment
from .alignment_text import alignment_text
from .beam_search import beam_search
from .decode import greedy, sample_to_end
from .distribution import next_distribution
from .generate import StepModel, generate
from .hypothesis import Hypothesis, length_penalty
from .sampling import draw, sample
from .text import Vocabulary, generate_text
from .translate import Translation, translate

__all__ = [
    "Alignment", "Hypothesis", "StepModel", "Translation", "Vocabulary", "alignment", "alignment_text",
    "beam_search", "draw", "generate", "generate_text", "greedy", "length_penalty", "next_distribution",
    "sample", "sample_to_end", "translate",
]  # fmt: skip
