"""What decoding returns, and how hypotheses of different lengths are compared.

Every id makes a sequence less likely, so the sum of log-probabilities prefers what is short. It is therefore
divided by a penalty that grows with the length |Y|:

    score(Y) = log P(Y) / penalty(|Y|)

    "power"   |Y|ᵅ                   α = 1: the mean per id; 0: the sum itself
    "gnmt"    ((5 + |Y|) / 6)ᵅ       Wu et al. 2016, equation 14; grows more slowly while |Y| is small

|Y| counts the end symbol, which was predicted as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from chainrule.functions.arrays import Array

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int

Penalty = Callable[[int], float]
PENALTIES = ("power", "gnmt")


class Hypothesis(NamedTuple):
    """A sequence that was decoded. Its probability is that of its ids *and* of the end behind them."""

    ids: Int[Array, " time"]  # without the prompt and without the end symbol
    score: float  # the larger, the better: the sum of log_probabilities, divided by the length penalty
    log_probabilities: Float[Array, " time+1"]  # of each id, and last of the end symbol


def length_penalty(alpha: float = 1.0, kind: str = "power") -> Penalty:
    """What a sum of log-probabilities is divided by, as a function of the length.

    Raises ValueError for another kind, or a negative alpha: it would reward what is short.
    """
    if kind not in PENALTIES:
        raise ValueError(f"no length penalty is called {kind!r}: choose one of {', '.join(PENALTIES)}")
    if not alpha >= 0:
        raise ValueError(f"alpha, the exponent of the length penalty, must be >= 0, got {alpha}")
    if kind == "gnmt":
        return lambda length: float(((5 + length) / 6) ** alpha)
    return lambda length: float(length**alpha)
