"""Is a dropout mask drawn once, per epoch, or per batch?

One network, few images (some of them with wrong labels, so that learning them by heart does harm), five ways
to draw the mask. `layers.Dropout` asks `current()` for one key per sample, and a key determines a mask. So
the other ways need no other dropout: only a *clock* that stands still (the same "step" draws the same masks),
and one key for all samples.

Srivastava et al. 2014, *Dropout: A Simple Way to Prevent Neural Networks from Overfitting*, section 5.1: a
thinned network is sampled for each training case of a mini-batch.
"""

from ..lab import Lab
from .answer import answer
from .experiment import experiment
from .options import Options
from .picture import picture

DROPOUT = Lab("Is a dropout mask drawn once, per epoch, or per batch?", Options, experiment, picture, answer)

__all__ = ["DROPOUT"]
