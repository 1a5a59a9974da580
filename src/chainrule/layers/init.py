"""How weights begin. Each function fills a Parameter (or an array) in place and returns it.

**Why it matters.** A layer multiplies the spread of what passes through it by about gain · std(W) · √fan_in.
If that is not about 1, activations (and gradients, with fan_out, on their way back) grow or shrink with every
layer; a network that starts like that may predict one class for everything and stay there: `chainrule lab
one-class` shows it.

fan_in is how many numbers one output is a sum of; fan_out is into how many outputs one input flows. **For a
convolution both include the area of the kernel**: a weight (out, in, kh, kw) has fan_in = in·kh·kw and
fan_out = out·kh·kw.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np

from chainrule.functions.arrays import Array

from .parameter import Parameter
from .randomness import current

T = TypeVar("T", Parameter, Array)

GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2.0), "selu": 0.75}


def fan_in_and_fan_out(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, *kernel). Raises ValueError for fewer than 2 axes."""
    if len(shape) < 2:
        raise ValueError(f"fan-in and fan-out need a weight (out, in, *kernel), at least 2 axes, got {shape}")
    area = math.prod(shape[2:])
    return shape[1] * area, shape[0] * area


def gain(nonlinearity: str, negative_slope: float = 0.01) -> float:
    """By how much a nonlinearity shrinks the spread, inverted: √2 for relu, which lets half of it pass."""
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + negative_slope**2))
    if nonlinearity not in GAINS:
        raise ValueError(f"no gain is known for {nonlinearity!r}: {', '.join([*GAINS, 'leaky_relu'])}")
    return GAINS[nonlinearity]


def constant_(weight: T, value: float) -> T:
    """Every number is `value`. All units of a layer with equal weights stay equal: for biases and scales
    only.
    """
    _array(weight)[...] = value
    return weight


def zeros_(weight: T) -> T:
    return constant_(weight, 0.0)


def ones_(weight: T) -> T:
    return constant_(weight, 1.0)


def uniform_(weight: T, low: float = 0.0, high: float = 1.0) -> T:
    """Uniform in [low, high)."""
    return _fill(weight, current().generator().uniform(low, high, weight.shape))


def normal_(weight: T, mean: float = 0.0, std: float = 1.0) -> T:
    """Normal with this mean and standard deviation."""
    return _fill(weight, current().generator().normal(mean, std, weight.shape))


def truncated_normal_(
    weight: T, mean: float = 0.0, std: float = 1.0, low: float = -2.0, high: float = 2.0
) -> T:
    """Normal, but numbers outside [low, high] (absolute, as in PyTorch's trunc_normal_) are drawn again."""
    if not low < high:
        raise ValueError(f"truncated_normal_ needs low < high, got {low} and {high}")
    if std <= 0 or low > mean + 6 * std or high < mean - 6 * std:
        raise ValueError(
            f"truncated_normal_: nearly nothing of a normal({mean}, {std}) lies in [{low}, {high}]"
        )
    generator = current().generator()
    values = generator.normal(mean, std, weight.shape)
    while (outside := (values < low) | (values > high)).any():
        values[outside] = generator.normal(mean, std, int(outside.sum()))
    return _fill(weight, values)


def glorot_uniform_(weight: T, gain: float = 1.0) -> T:
    """Uniform in ±gain·√(6 / (fan_in + fan_out)).  Glorot and Bengio 2010, equation 16. PyTorch:
    xavier_uniform_.
    """
    fan_in, fan_out = fan_in_and_fan_out(weight.shape)
    bound = gain * math.sqrt(6 / (fan_in + fan_out))
    return uniform_(weight, -bound, bound)


def glorot_normal_(weight: T, gain: float = 1.0) -> T:
    """Normal with std gain·√(2 / (fan_in + fan_out)).  Glorot and Bengio 2010. PyTorch: xavier_normal_."""
    fan_in, fan_out = fan_in_and_fan_out(weight.shape)
    return normal_(weight, 0.0, gain * math.sqrt(2 / (fan_in + fan_out)))


def he_uniform_(weight: T, gain: float = math.sqrt(2.0), mode: str = "fan_in") -> T:
    """Uniform in ±gain·√(3 / fan).  He et al. 2015, equation 10. PyTorch: kaiming_uniform_."""
    bound = gain * math.sqrt(3 / _fan(weight.shape, mode))
    return uniform_(weight, -bound, bound)


def he_normal_(weight: T, gain: float = math.sqrt(2.0), mode: str = "fan_in") -> T:
    """Normal with std gain / √fan.  He et al. 2015, equation 10. PyTorch: kaiming_normal_."""
    return normal_(weight, 0.0, gain / math.sqrt(_fan(weight.shape, mode)))


def orthogonal_(weight: T, gain: float = 1.0) -> T:
    """Rows (or columns, if there are fewer) of length `gain`, at right angles: it keeps lengths.  Saxe et al.
    2014.

    A convolution weight counts as the matrix (out, in·kh·kw).
    """
    if len(weight.shape) < 2:
        raise ValueError(f"orthogonal_ needs a matrix, got shape {weight.shape}")
    rows, columns = weight.shape[0], math.prod(weight.shape[1:])
    q, r = np.linalg.qr(current().generator().normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # so that every orthogonal matrix is equally likely (Mezzadri 2007)
    return _fill(weight, gain * (q if rows >= columns else q.T).reshape(weight.shape))


def torch_default_(weight: T, bias: Parameter | None = None) -> T:
    """What Linear and Conv2d do unless told otherwise, as in PyTorch: both uniform in ±1/√fan_in.

    (LeCun et al. 1998, *Efficient BackProp*, section 4.6, has the spread 1/√fan_in; this one is 1/√(3
    fan_in).)
    """
    fan_in, _ = fan_in_and_fan_out(weight.shape)
    bound = 1 / math.sqrt(fan_in)
    uniform_(weight, -bound, bound)
    if bias is not None:
        uniform_(bias, -bound, bound)
    return weight


def _fan(shape: tuple[int, ...], mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return fan_in_and_fan_out(shape)[mode == "fan_out"]


def _array(weight: Parameter | Array) -> Array:
    return weight.data if isinstance(weight, Parameter) else weight


def _fill(weight: T, values: Array) -> T:
    _array(weight)[...] = values
    return weight
