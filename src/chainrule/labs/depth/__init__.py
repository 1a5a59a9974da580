"""Why residual connections, and where does the gradient's norm go without them?

Transformer layers, one above the other: without a residual connection, with one that backward forgets, with
the norm behind it and with the norm before it. Gradients and activations are looked at before anything is
learned; then all of them learn to reverse a sequence, with and without warm-up.

Vaswani et al. 2017, section 3.1; Xiong et al. 2020, *On Layer Normalization in the Transformer Architecture*;
Dong, Cordonnier and Loukas 2021, *Attention is not all you need: pure attention loses rank doubly
exponentially with depth*.
"""

from ..lab import Lab
from .answer import answer
from .experiment import experiment
from .options import Options
from .picture import picture

DEPTH = Lab(
    "Why residual connections, and where does the gradient's norm go without them?",
    Options,
    experiment,
    picture,
    answer,
)

__all__ = ["DEPTH"]
