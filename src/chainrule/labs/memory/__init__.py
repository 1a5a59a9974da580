"""Which recurrent cell remembers, and for how long?

The adding problem: two numbers among many are marked, one in the first half and one in the second, and their
sum is asked for at the end. Who forgets can do no better than to predict the mean, 1.

Hochreiter and Schmidhuber 1997, *Long Short-Term Memory*, section 5.4, in the form of Le, Jaitly and Hinton
2015, *A Simple Way to Initialize Recurrent Networks of Rectified Linear Units*, section 4.1.
"""

from ..lab import Lab
from .answer import answer
from .experiment import experiment
from .options import Options
from .picture import picture

MEMORY = Lab(
    "Which recurrent cell remembers, and for how long?",
    Options,
    experiment,
    picture,
    answer,
    full=("lengths=50,150,400", "steps=6000"),
)

__all__ = ["MEMORY"]
