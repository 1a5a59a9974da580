"""Why do an RNN's gradients explode or vanish, and what helps?

Three recurrent layers on an embedding, one answer at the end, and a task whose answer stands at the very
beginning. What is looked at, before anything is learned, is `chainrule.gradient_flow`; then the networks
train, some with their gradients clipped.

Pascanu, Mikolov and Bengio 2013, *On the difficulty of training recurrent neural networks*.
"""

from ..lab import Lab
from .answer import answer
from .experiment import experiment
from .options import Options
from .picture import picture

EXPLODING_RNN = Lab(
    "Why do an RNN's gradients explode or vanish, and what helps?", Options, experiment, picture, answer
)

__all__ = ["EXPLODING_RNN"]
