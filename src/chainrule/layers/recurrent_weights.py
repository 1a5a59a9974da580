"""The four parameters of a recurrent layer, and how they begin."""

from __future__ import annotations

import math
from typing import Any, Literal, TypeAlias

import numpy as np

from .init import orthogonal_, uniform_, zeros_
from .new import new_parameter
from .parameter import Parameter

RecurrentInit: TypeAlias = Literal["torch", "orthogonal", "identity"]
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def new_recurrent_weights(
    gates: int, features: int, hidden: int, bias: bool, recurrent_init: RecurrentInit, dtype: Any
) -> dict[str, Parameter | None]:
    """weight_ih (gates x hidden, features), weight_hh (gates x hidden, hidden), bias_ih and bias_hh (gates x
    hidden,), by name.

    All begin uniform in ±1/√hidden, as in PyTorch. recurrent_init changes weight_hh, each gate's square block
    of it alike:

    "orthogonal"    a random rotation: it keeps every length, forward and backward (Saxe et al. 2014)
    "identity"      the identity, and biases of 0: a relu RNN then begins by keeping its state, as an LSTM
                    does (IRNN; Le, Jaitly and Hinton 2015; there weight_ih is normal with a standard
                    deviation of 0.001: init.normal_(layer.weight_ih_l0, std=0.001))

    Raises ValueError for another name, or if a size is below 1.
    """
    if recurrent_init not in ("torch", "orthogonal", "identity"):
        raise ValueError(
            f"recurrent_init must be 'torch', 'orthogonal' or 'identity', got {recurrent_init!r}"
        )
    rows = gates * hidden
    weight_ih, weight_hh = new_parameter((rows, features), dtype), new_parameter((rows, hidden), dtype)
    bias_ih = new_parameter((rows,), dtype) if bias else None
    bias_hh = new_parameter((rows,), dtype) if bias else None
    weights = dict(zip(NAMES, (weight_ih, weight_hh, bias_ih, bias_hh), strict=True))
    bound = 1 / math.sqrt(hidden)
    for parameter in weights.values():
        if parameter is not None:
            uniform_(parameter, -bound, bound)
    if recurrent_init == "orthogonal":
        for block in np.split(weight_hh.data, gates):
            orthogonal_(block)
    if recurrent_init == "identity":
        for block in np.split(weight_hh.data, gates):
            block[...] = np.eye(hidden)
        for parameter in (bias_ih, bias_hh):
            if parameter is not None:
                zeros_(parameter)
    return weights


def set_forget_bias(bias_ih: Parameter | None, bias_hh: Parameter | None, forget_bias: float) -> None:
    """The forget gates' part of an LSTM's two biases, which add up: forget_bias in bias_ih, 0 in bias_hh.

    (Gers et al. 2000; Jozefowicz, Zaremba and Sutskever 2015, who recommend 1.) Raises ValueError without
    biases.
    """
    if bias_ih is None or bias_hh is None:
        raise ValueError("forget_bias needs biases: leave out bias=False, or forget_bias")
    for parameter, value in ((bias_ih, forget_bias), (bias_hh, 0.0)):
        np.split(parameter.data, 4)[1][...] = value  # of the parts i, f, g, o
