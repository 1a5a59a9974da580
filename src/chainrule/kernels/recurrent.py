"""What the twins of rnn, lstm and gru share: where they apply, and the way to arrays that count time first.

The loops read and write one time step after the other, so in memory the numbers of one step stand side by
side: (time, batch, features). The output is such an array seen as (batch, time, hidden), a transposed view.
A second layer, which is given this view, finds its time steps in order and copies nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.recurrence import SEQUENCE_AXES, check_recurrent, valid_steps

from .installed import compiler_is_installed
from .plain import are_plain, compact

if TYPE_CHECKING:
    from .repeats import Repeated

SMALL_WORK = 2**20  # multiply-adds below which plain NumPy runs: a millisecond, not worth loading a compiler


def applies(x: Any, weight_ih: Any, weight_hh: Any, *others: Any) -> bool:
    """float32 in NumPy's own arrays, enough of it, and a compiler."""
    if not are_plain(x, weight_ih, weight_hh, *others):
        return False
    if x.ndim != 3 or weight_ih.ndim != 2 or weight_hh.ndim != 2:
        return False
    batch, time, features = x.shape
    rows, hidden = weight_hh.shape
    return batch * time * rows * (features + hidden) >= SMALL_WORK and compiler_is_installed()


class Given(NamedTuple):
    """The arguments of one call, checked, as the loops want them."""

    x: Array  # (time, batch, features), 0 in the padding
    repeated: Repeated | None  # x, where the same rows stand in it again and again
    weight_ih: Array
    weight_hh: Array
    bias_ih: Array  # zeros where there is none
    bias_hh: Array
    has_bias: tuple[bool, bool]
    lengths: Array  # (batch,)
    valid: Array | None  # (time, batch, 1), False in the padding; None where there is none
    reverse: bool

    @classmethod
    def check(
        cls, name: str, gates: int, x: Array, states: dict[str, Array], weights: tuple[Array, Array],
        biases: tuple[Array | None, Array | None], lengths: Array | None, reverse: bool,
    ) -> Given:  # fmt: skip
        """Raises what the reference would raise."""
        from .repeats import find_repeats

        check_recurrent(name, gates, x, SEQUENCE_AXES, states, weights, biases)
        valid = valid_steps(name, x, lengths)  # (batch, time, 1)
        ragged = not valid.all()
        x = time_first(np.where(valid, x, 0) if ragged else x)
        zeros = np.zeros(weights[1].shape[0], np.float32)
        bias_ih, bias_hh = (zeros if bias is None else compact(bias) for bias in biases)
        return cls(
            x=x,
            repeated=find_repeats(rows(x)),
            weight_ih=compact(weights[0]),
            weight_hh=compact(weights[1]),
            bias_ih=bias_ih,
            bias_hh=bias_hh,
            has_bias=(biases[0] is not None, biases[1] is not None),
            lengths=valid.sum((1, 2)),
            valid=time_first(valid) if ragged else None,
            reverse=reverse,
        )

    def from_x(self) -> Array:
        """x @ weight_ih.T for all steps at once: (time, batch, gates · hidden)."""
        from .repeats import project

        return project(rows(self.x), self.repeated, self.weight_ih).reshape(*self.x.shape[:2], -1)

    def states(self, initial: Array) -> Array:
        """(time + 1, batch, hidden): room for all states, with the initial one in its place."""
        states = np.empty((len(self.x) + 1, *initial.shape), np.float32)
        states[-1 if self.reverse else 0] = initial
        return states

    def output(self, h: Array) -> Array:
        """(batch, time, hidden): the state after every step, 0 in the padding."""
        output = h[:-1] if self.reverse else h[1:]
        return batch_first(output if self.valid is None else np.where(self.valid, output, 0))

    def last(self, states: Array) -> Array:
        """(batch, hidden): the state after the loop."""
        last: Array = states[0 if self.reverse else -1].copy()
        return last

    def gradients(self, dfrom_x: Array, dfrom_h: Array, h: Array) -> tuple[Array | None, ...]:
        """Returns (dx, dweight_ih, dweight_hh, dbias_ih, dbias_hh).

        All steps shared the weights: one product sums over samples and steps.
        """
        from .repeats import project_backward

        before = h[1:] if self.reverse else h[:-1]
        dx = batch_first((rows(dfrom_x) @ self.weight_ih).reshape(self.x.shape))
        dweight_ih = project_backward(rows(dfrom_x), rows(self.x), self.repeated)
        dweight_hh = rows(dfrom_h).T @ rows(before)  # from_h = h @ weight_hh.T
        dbiases = (
            rows(dfrom).sum(0) if has else None
            for dfrom, has in zip((dfrom_x, dfrom_h), self.has_bias, strict=True)
        )
        return dx, dweight_ih, dweight_hh, *dbiases


def time_first(sequence: Array) -> Array:
    """(batch, time, ...) -> (time, batch, ...), without gaps."""
    return compact(sequence.swapaxes(0, 1))


def batch_first(sequence: Array) -> Array:
    """(time, batch, ...) -> (batch, time, ...), the same memory."""
    return sequence.swapaxes(0, 1)


def rows(sequence: Array) -> Array:
    """(time, batch, features) -> (time · batch, features)."""
    return sequence.reshape(-1, sequence.shape[-1])


def upstream(dy: Sequence[Array | None], h: Array) -> tuple[Array, list[Array]]:
    """dy = (doutput, dh_n, ...) as arrays; None stands for zero.

    Returns doutput (time, batch, hidden), and copies of the last states' gradients for the loops to change.
    """
    doutput, *dstates = dy
    return (
        np.zeros_like(h[1:]) if doutput is None else time_first(doutput.astype(h.dtype, copy=False)),
        [np.zeros_like(h[0]) if d is None else np.array(d, h.dtype, order="C") for d in dstates],
    )
