"""Labs: one question each, answered by an experiment that anyone can run (`chainrule lab NAME`).

A lab is a package with `options` (its switches), an `experiment` that measures and returns its `findings`, a
`picture`, and an `answer` composed of the findings: should the experiment come out otherwise, as it may with
other switches, so does the answer.
"""

from typing import Any

from .depth import DEPTH
from .dropout import DROPOUT
from .exploding_rnn import EXPLODING_RNN
from .lab import Lab, Watch, describe, parse_options
from .memory import MEMORY
from .one_class import ONE_CLASS
from .positions import POSITIONS
from .reshape import RESHAPE
from .running import run_lab
from .scale import SCALE

LABS: dict[str, Lab[Any, Any]] = {
    "one-class": ONE_CLASS,
    "dropout": DROPOUT,
    "exploding-rnn": EXPLODING_RNN,
    "memory": MEMORY,
    "reshape": RESHAPE,
    "depth": DEPTH,
    "scale": SCALE,
    "positions": POSITIONS,
}

__all__ = ["LABS", "Lab", "Watch", "describe", "parse_options", "run_lab"]
