"""What steps under a constant gradient look like, in learning rates: right optimizers, wrong Adams.

Under a constant gradient g the moments are m = (1 - β₁ᵗ) g and v = (1 - β₂ᵗ) g², so with the corrections A
and B that the code divides by, step number t is

    s[t] = (1 - β₁ᵗ) / A[t] · √(B[t] / (1 - β₂ᵗ))

whatever g is. Right: A = 1 - β₁ᵗ and B = 1 - β₂ᵗ, s = 1, 1, 1, ... (Kingma and Ba 2015, algorithm 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

TOLERANCE = 0.01
BETAS1, BETAS2 = (0.9, 0.5, 0.95, 0.8), (0.999, 0.99, 0.9, 0.95, 0.98, 0.9999)


@dataclass(frozen=True)
class Match:
    """A wrong Adam that takes just these steps."""

    words: str
    predicted: np.ndarray


def right(steps: np.ndarray, is_adam: bool) -> bool:
    """Whether some correct optimizer takes these steps: Adam, AdaGrad, RMSProp with or without momentum."""
    t = np.arange(1, len(steps) + 1)
    # AdaGrad, or a rate that falls so; an Adam without the power t comes close to it, but not so close
    falling = _near(steps, 1 / np.sqrt(t), 1e-4 if is_adam else TOLERANCE)
    if _near(steps, np.ones(len(steps))) or falling:
        return True
    if any(_near(steps, b + (1 - b) / (1 - b**t)) for b in BETAS1):  # Nesterov's variant
        return True
    if is_adam:
        return False
    for rho in BETAS2:
        single = 1 / np.sqrt(1 - rho**t)
        for momentum in (0.0, *BETAS1, 0.99):
            if _near(steps, _accumulated(single, momentum)):
                return True
    return False


def wrong_adam(steps: np.ndarray, betas: tuple[float, float] | None) -> Match | None:
    """The wrong Adam that takes these steps, None if none of those known does."""
    t = np.arange(1, len(steps) + 1)
    pairs = [betas] if betas else []
    pairs += [(a, b) for a in BETAS1 for b in BETAS2]
    for beta1, beta2 in pairs:
        for words, first, second in _corrections(beta1, beta2, t):
            with np.errstate(all="ignore"):
                predicted = (1 - beta1**t) / first * np.sqrt(second / (1 - beta2**t))
            if np.all(np.isfinite(predicted)) and _near(steps, predicted):
                return Match(words, predicted)
    return None


def counts_from_zero(later: np.ndarray, betas: tuple[float, float]) -> bool:
    """Whether the steps after the first, which is 0 / 0, are those of a counter that reads 0, 1, 2, ..."""
    counter = np.arange(1, len(later) + 1)
    first, second = ((1 - b ** (counter + 1)) / (1 - b**counter) for b in betas)
    return _near(later, first / np.sqrt(second))


def _corrections(beta1: float, beta2: float, t: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    one = np.ones(len(t))
    right1, right2 = 1 - beta1**t, 1 - beta2**t
    yield "the moments are not corrected", one, one
    yield "the moments are multiplied by the correction", 1 / right1, 1 / right2
    yield "the correction lacks the power t", (1 - beta1) * one, (1 - beta2) * one
    yield "only the first moment is corrected", right1, one
    yield "only the second moment is corrected", one, right2
    yield "the first moment is multiplied by the correction", 1 / right1, right2
    yield "the second moment is multiplied by the correction", right1, 1 / right2
    yield "the first moment's correction lacks the power t", (1 - beta1) * one, right2
    yield "the second moment's correction lacks the power t", right1, (1 - beta2) * one
    yield "the second moment's correction stands outside of the root", right1, right2**2
    yield "the first moment's correction uses the second's beta", right2, right2
    yield "the second moment's correction uses the first's beta", right1, right1
    yield "the corrections are exchanged", right2, right1
    for first in range(0, 41):
        for stride in range(0, 41):
            if (first, stride) != (1, 1) and first + stride > 0:
                counter = first + stride * (t - 1)
                if counter[0] > 0:
                    read = ", ".join(map(str, counter[:3]))
                    word = f"the step counter reads {read}, ... instead of 1, 2, 3, ..."
                    yield word, 1 - beta1**counter, 1 - beta2**counter


def _accumulated(single: np.ndarray, momentum: float) -> np.ndarray:
    found, velocity = [], 0.0
    for value in single:
        velocity = momentum * velocity + value
        found.append(velocity)
    return np.array(found)


def _near(steps: np.ndarray, predicted: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    return bool(np.all(np.abs(steps - predicted) <= tolerance * np.abs(predicted)))
