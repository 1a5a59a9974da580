"""What goes wrong when (hidden, batch) is reshaped to (batch, hidden) instead of transposed?

A recurrent network whose state stands with one column per sample, as many books have it, and a dense layer
that wants one row per sample. Both ways give the right shape, both gradients pass every gradient check. One
of them gives each sample other samples' numbers.
"""

from ..lab import Lab
from .answer import answer
from .experiment import experiment
from .options import Options
from .picture import picture

RESHAPE = Lab(
    "What goes wrong when (hidden, batch) is reshaped to (batch, hidden)?",
    Options,
    experiment,
    picture,
    answer,
)

__all__ = ["RESHAPE"]
