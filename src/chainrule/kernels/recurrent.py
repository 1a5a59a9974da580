"""What the twins of rnn, lstm and gru share: where they apply, and the way to arrays that count time first.

The loops read and write one time step after the other, so in memory the numbers of one step stand side by
side: (time, batch, features). The output is such an array seen as (batch, time, hidden), a transposed view.
A second layer, which is given this view, finds its time steps in order and copies nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.recurrence import SEQUENCE_AXES, check_recurrent, valid_steps

from .installed import compiler_is_installed

SMALL_WORK = 2**20  # multiply-adds below which plain NumPy runs: a millisecond, not worth loading a compiler


def applies(x: Any, weight_ih: Any, weight_hh: Any, *others: Any) -> bool:
    """float32 in NumPy's own arrays, enough of it, and a compiler."""
    given = [x, weight_ih, weight_hh, *(other for other in others if other is not None)]
    if not all(type(array) is np.ndarray and array.dtype == np.float32 for array in given):
        return False
    if x.ndim != 3 or weight_ih.ndim != 2 or weight_hh.ndim != 2:
        return False
    batch, time, features = x.shape
    rows, hidden = weight_hh.shape
    return batch * time * rows * (features + hidden) >= SMALL_WORK and compiler_is_installed()


class Prepared:
    """The checked arguments of one call, as the loops want them."""

    def __init__(
        self,
        name: str,
        gates: int,
        x: Array,
        states: dict[str, Array],
        weights: tuple[Array, Array],
        biases: tuple[Array | None, Array | None],
        lengths: Array | None,
    ) -> None:
        check_recurrent(name, gates, x, SEQUENCE_AXES, states, weights, biases)
        valid = valid_steps(name, x, lengths)  # (batch, time, 1)
        self.batch, self.time, _ = x.shape
        self.hidden = weights[1].shape[1]
        self.ragged = lengths is not None and not valid.all()
        self.valid = time_first(valid)
        self.lengths = valid.sum((1, 2))  # (batch,)
        self.x = time_first(np.where(valid, x, 0) if self.ragged else x)
        self.weight_ih, self.weight_hh = (compact(weight) for weight in weights)
        rows = gates * self.hidden
        self.bias_ih, self.bias_hh = (np.zeros(rows, np.float32) if b is None else compact(b) for b in biases)

    def states(self, initial: Array, reverse: bool) -> Array:
        """(time + 1, batch, hidden): room for all states, with the initial one in its place."""
        states = np.empty((self.time + 1, self.batch, self.hidden), np.float32)
        states[-1 if reverse else 0] = initial
        return states

    def output(self, h: Array, reverse: bool) -> Array:
        """(batch, time, hidden): the state after every step, 0 in the padding."""
        output = h[:-1] if reverse else h[1:]
        return batch_first(np.where(self.valid, output, 0) if self.ragged else output)


def compact(array: Array) -> Array:
    """The same numbers, row by row without gaps, in memory that compiled code may take for writable (Numba
    compiles anew for each kind of array).
    """
    array = np.ascontiguousarray(array)
    return array if array.flags.writeable else array.copy()


def time_first(sequence: Array) -> Array:
    """(batch, time, ...) -> (time, batch, ...), without gaps."""
    return compact(sequence.swapaxes(0, 1))


def batch_first(sequence: Array) -> Array:
    """(time, batch, ...) -> (batch, time, ...), the same memory."""
    return sequence.swapaxes(0, 1)


def upstream(dy: Sequence[Array | None], h: Array, reverse: bool) -> tuple[Array, list[Array]]:
    """dy = (doutput, dh_n, ...) as arrays; None stands for zero.

    Returns doutput (time, batch, hidden), and copies of the last states' gradients for the loops to change.
    """
    doutput, *dstates = dy
    return (
        np.zeros_like(h[1:]) if doutput is None else time_first(doutput.astype(h.dtype, copy=False)),
        [np.zeros_like(h[0]) if d is None else np.array(d, h.dtype, order="C") for d in dstates],
    )


def rows(sequence: Array) -> Array:
    """(time, batch, features) -> (time · batch, features)."""
    return sequence.reshape(-1, sequence.shape[-1])


def weight_gradients(
    dfrom_x: Array, dfrom_h: Array, x: Array, h_before: Array, weight_ih: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Returns (dx, dweight_ih, dweight_hh, dbias_ih, dbias_hh).

    All steps shared the weights: one product sums over samples and steps.
    """
    dx = batch_first((rows(dfrom_x) @ weight_ih).reshape(x.shape))  # from_x = x @ weight_ih.T + bias_ih
    dweight_ih = rows(dfrom_x).T @ rows(x)
    dweight_hh = rows(dfrom_h).T @ rows(h_before)  # from_h = h_before @ weight_hh.T + bias_hh
    return dx, dweight_ih, dweight_hh, rows(dfrom_x).sum(0), rows(dfrom_h).sum(0)


def present(dbiases: Sequence[Array], has_bias: Sequence[bool]) -> list[Array | None]:
    """The gradients of biases that exist."""
    return [dbias if has else None for dbias, has in zip(dbiases, has_bias, strict=True)]
