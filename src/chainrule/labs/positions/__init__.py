"""What does a Transformer know about order, and how far does it reach?

Networks without positions, with sines, with a learned table, with rotations, and a causal one without any
learn to say what stood a few places before; then they are asked in sequences longer than those of their
training.

Vaswani et al. 2017, section 3.5; Su et al. 2021, *RoFormer*; Haviv et al. 2022, *Transformer Language Models
without Positional Encodings Still Learn Positional Information*; Kazemnejad et al. 2023, *The Impact of
Positional Encoding on Length Generalization in Transformers*.
"""

from ..lab import Lab
from .answer import answer
from .experiment import experiment
from .options import Options
from .picture import picture

POSITIONS = Lab(
    "What does a Transformer know about order, and how far does it reach?",
    Options,
    experiment,
    picture,
    answer,
)

__all__ = ["POSITIONS"]
