"""What recurrent layers and cells share: how they hold their parameters and take their states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from chainrule.functions.arrays import Array

from .layer import Layer
from .new import optional_data
from .recurrent_weights import NAMES, RecurrentInit, new_recurrent_weights


class Recurrent(Layer):
    """A subclass names its pair of functions, how many gates stand in its weights, and its states; `options`
    are those of its attributes that the function is called with:

        pair = (lstm_cell, lstm_cell_backward)
        gates = 4
        states = ("h", "c")

    A layer with one state takes and returns an array, one with two a tuple of arrays.
    """

    pair: ClassVar[tuple[Callable[..., Any], Callable[..., Any]]]
    gates: ClassVar[int]
    states: ClassVar[tuple[str, ...]] = ("h",)
    options: ClassVar[tuple[str, ...]] = ()
    input_size: int
    hidden_size: int

    def new_weights(
        self, features: int, bias: bool, recurrent_init: RecurrentInit, dtype: Any, suffix: str = ""
    ) -> None:
        """Makes the four parameters, weight_ih and so on, with this end of their names."""
        weights = new_recurrent_weights(self.gates, features, self.hidden_size, bias, recurrent_init, dtype)
        for name, parameter in weights.items():
            setattr(self, name + suffix, parameter)

    def run(self, x: Array, states: Any, *others: Any, suffix: str = "") -> tuple[Any, Any]:
        """The function's forward, with this layer's parameters and options."""
        weights = [optional_data(getattr(self, name + suffix)) for name in NAMES]
        options = {name: getattr(self, name) for name in self.options}
        result: tuple[Any, Any] = self.pair[0](x, *states, *weights, *others, **options)
        return result

    def run_backward(self, dy: Any, cache: Any, suffix: str = "") -> tuple[Array, tuple[Array, ...]]:
        """The function's backward: adds the parameters' gradients; returns dx and those of the states."""
        dx, *others = self.pair[1](dy, cache)
        count = len(self.states)
        dstates, dweights = tuple(others[:count]), others[count : count + len(NAMES)]
        self.add_grads(**{name + suffix: dweight for name, dweight in zip(NAMES, dweights, strict=True)})
        return dx, dstates

    def initial_states(self, x: Array, state: Any, shape: tuple[int, ...]) -> tuple[Array, ...]:
        """The states to begin with: those given, or zeros of this shape."""
        if state is None:
            return (np.zeros(shape, dtype=x.dtype, like=x),) * len(self.states)
        return self.parts(state)

    def parts(self, state: Any) -> tuple[Any, ...]:
        """h becomes (h,), (h, c) stays, None becomes a None for each."""
        if state is None:
            return (None,) * len(self.states)
        if len(self.states) == 1:
            return (state,)
        if not isinstance(state, tuple | list) or len(state) != len(self.states):
            got = f"{len(state)} of them" if isinstance(state, tuple | list) else type(state).__name__
            raise ValueError(f"{type(self).__name__}'s state is ({', '.join(self.states)}), got {got}")
        return tuple(state)

    def as_state(self, parts: tuple[Array, ...]) -> Any:
        """The inverse of `parts`."""
        return parts[0] if len(parts) == 1 else parts
