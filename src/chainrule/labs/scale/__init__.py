"""Why are attention's scores divided by √d_k?

First the formula: queries and keys of independent numbers, more and more of them; how far their scores
spread, what the softmax makes of it, and what is left of its gradient. Then networks with one layer of
attention, which learn to reverse a sequence, with the scale and without.

Vaswani et al. 2017, section 3.2.1 and its footnote 4.
"""

from ..lab import Lab
from .answer import answer
from .experiment import experiment
from .options import Options
from .picture import picture

SCALE = Lab("Why are attention's scores divided by √d_k?", Options, experiment, picture, answer)

__all__ = ["SCALE"]
