"""RNN, LSTM and GRU as layers over whole sequences: several layers, two directions, initial and final states.

    (output, state), cache = layer.forward(x, state, lengths)
    dx, dstate, _ = layer.backward((doutput, dstate_n), cache)

    x       (batch, time, input_size); batch first, always
    output  (batch, time, directions x hidden_size): the last layer's state after every step
    state   (layers x directions, batch, hidden_size): each layer's final state. For an LSTM, (h_n, c_n)

**Many to one.** What a whole sequence comes to is the last layer's final state: `h_n[-1]` (for two directions
h_n[-2], read to the end, and h_n[-1], read to the beginning). It is that of each sample's last *valid* step;
`output[:, -1]` is not, where samples are shorter.

**State is an argument and a result.** Without one, every call begins with zeros: no batch hears of the batch
before. For truncated BPTT pass the state on, and not the gradient:

    state = None
    for x, target in pieces:                       # of one long text per row
        (output, state), cache = layer.forward(x, state)
        ...
        layer.backward((doutput, None), cache)     # None: nothing comes back from the next piece
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .dropout import Dropout
from .recurrent import Recurrent
from .recurrent_weights import RecurrentInit


class RecurrentCache(NamedTuple):
    runs: list[Any]  # one per layer and direction, in the order of the state's rows
    dropouts: list[Any]  # dropouts[l] stands between layer l and layer l + 1
    state_given: bool


class RecurrentStack(Recurrent):
    """The base of RNN, LSTM and GRU."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        dropout: float,
        bidirectional: bool,
        recurrent_init: RecurrentInit,
        dtype: Any,
    ) -> None:
        name = type(self).__name__
        if num_layers < 1:
            raise ValueError(f"{name}: num_layers must be at least 1, got {num_layers}")
        if dropout and num_layers == 1:
            warnings.warn(
                f"{name}: dropout={dropout} stands between layers, and there is only one: nothing is dropped",
                stacklevel=3,
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.bidirectional = bias, bidirectional
        for layer in range(num_layers):
            features = input_size if layer == 0 else self.directions * hidden_size
            for suffix, _ in self.runs(layer):
                self.new_weights(features, bias, recurrent_init, dtype, suffix)
        self.dropout = Dropout(dropout) if dropout else None

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    def runs(self, layer: int) -> Iterator[tuple[str, bool]]:
        """For each direction of a layer, the end of its parameters' names, and whether it runs in reverse."""
        yield f"_l{layer}", False
        if self.bidirectional:
            yield f"_l{layer}_reverse", True

    def forward(
        self, x: Array, state: Any = None, lengths: Array | None = None
    ) -> tuple[tuple[Array, Any], RecurrentCache]:
        """Returns (output, state), cache.

        lengths (batch,): how many steps of each sample are real, 1 to time; behind them the output is 0.
        Raises ValueError for shapes or lengths that do not fit, TypeError for mixed dtypes.
        """
        shape = (self.num_layers * self.directions, x.shape[0], self.hidden_size)
        initial = self.initial_states(x, state, shape)
        for name, part in zip(self.states, initial, strict=True):
            if part.shape != shape:
                raise ValueError(
                    f"{type(self).__name__} expects {name} (layers x directions {shape[0]}, batch "
                    f"{shape[1]}, hidden {shape[2]}), got {tuple(part.shape)}"
                )
        runs: list[Any] = []
        finals: list[Any] = []  # one per run: (h,), or (h, c)
        dropouts: list[Any] = []
        output = x
        for layer in range(self.num_layers):
            if layer > 0 and self.dropout is not None:
                output, dropout_cache = self.dropout.forward(output)
                dropouts.append(dropout_cache)
            outputs = []
            for suffix, reverse in self.runs(layer):
                begin = [part[len(runs)] for part in initial]  # the row of this layer and direction
                (y, *final), cache = self.run(output, begin, lengths, reverse, suffix=suffix)
                outputs.append(y)
                finals.append(final)
                runs.append(cache)
            output = np.concatenate(outputs, axis=-1)  # (batch, time, directions x hidden)
        state_n = self.as_state(tuple(np.stack(rows) for rows in zip(*finals, strict=True)))
        return (output, state_n), RecurrentCache(runs, dropouts, state is not None)

    def backward(self, dy: tuple[Array | None, Any], cache: RecurrentCache) -> tuple[Array, Any, None]:
        """dy = (doutput, dstate_n); None stands for zero, in place of either or of a part of the state.

        Returns (dx, dstate, None): dstate is None where forward was given no state; lengths have no gradient.
        """
        doutput, dstate_n = dy
        dfinal = self.parts(dstate_n)  # each (layers x directions, batch, hidden), or None
        dinitial = []  # from the last run to the first
        for layer in reversed(range(self.num_layers)):
            # output = np.concatenate(outputs): each direction gets its share back
            shares = self.directions
            doutputs = [None] * shares if doutput is None else np.split(doutput, shares, axis=-1)
            dinputs = []
            for direction, (suffix, _) in reversed(list(enumerate(self.runs(layer)))):
                row = layer * self.directions + direction
                dfinal_row = [None if part is None else part[row] for part in dfinal]
                above = (doutputs[direction], *dfinal_row)
                dx, dbegin = self.run_backward(above, cache.runs[row], suffix)
                dinputs.append(dx)
                dinitial.append(dbegin)
            # both directions read this layer's input: their gradients add up
            dx = dinputs[0] if len(dinputs) == 1 else dinputs[0] + dinputs[1]
            if layer > 0 and self.dropout is not None:
                dx = self.dropout.backward(dx, cache.dropouts[layer - 1])
            doutput = dx  # this layer's input was the output of the layer below
        dstate = self.as_state(tuple(np.stack(rows[::-1]) for rows in zip(*dinitial, strict=True)))
        return dx, dstate if cache.state_given else None, None

    def extra_repr(self) -> str:
        shown = {"num_layers": self.num_layers, "bias": self.bias, "bidirectional": self.bidirectional}
        shown |= {name: getattr(self, name) for name in self.options}
        defaults = {"num_layers": 1, "bias": True, "bidirectional": False, "nonlinearity": "tanh"}
        others = [f", {name}={value!r}" for name, value in shown.items() if value != defaults[name]]
        return f"{self.input_size}, {self.hidden_size}{''.join(others)}"
