"""The compiled part of the LSTM's twin: the loops over time, and the gates of one sample at one step.

Arrays count time first, (time, batch, ...), so that the numbers of one step stand side by side. h and c hold
time + 1 states: entry t is the state before step t, entry t + 1 the one after it, and in reverse the other
way round.
"""

from __future__ import annotations

from typing import Any

from .compiler import compiled
from .elementary import EXACT, ONE, ZERO, sigmoid, tanh
from .product import add_product, pack


@compiled()
def lstm_forward(
    weight_hh: Any, bias: Any, lengths: Any, reverse: bool, gates: Any, c: Any, tanh_c: Any, h: Any
) -> None:
    """gates (time, batch, 4 hidden) holds x @ weight_ih.T when called, and i, f, g, o afterwards."""
    time, batch, _ = gates.shape
    panels = pack(weight_hh.T)
    for step in range(time):
        t = time - 1 - step if reverse else step
        before, after = (t + 1, t) if reverse else (t, t + 1)
        add_product(h[before], panels, gates[t])  # gates[t] += h @ weight_hh.T
        for b in range(batch):
            if t < lengths[b]:
                _gates(gates[t, b], bias, c[before, b], c[after, b], tanh_c[t, b], h[after, b])
            else:  # padding: both stay what they were
                c[after, b], h[after, b] = c[before, b], h[before, b]


@compiled()
def lstm_backward(
    weight_hh: Any, lengths: Any, reverse: bool, gates: Any, c: Any, tanh_c: Any,
    doutput: Any, dh: Any, dc: Any, da: Any,
) -> None:  # fmt: skip
    """Fills da (time, batch, 4 hidden).

    dh and dc (batch, hidden) come in as those of the last states, and leave as those of the first ones.
    """
    time, batch, _ = gates.shape
    panels = pack(weight_hh)
    for step in range(time):
        t = step if reverse else time - 1 - step
        before = t + 1 if reverse else t
        for b in range(batch):
            if t < lengths[b]:
                _gates_backward(
                    gates[t, b], c[before, b], tanh_c[t, b], doutput[t, b], dh[b], dc[b], da[t, b]
                )
            else:
                da[t, b] = ZERO
        add_product(da[t], panels, dh)  # dh += da[t] @ weight_hh; it is 0 by now, but in the padding


@compiled(**EXACT)
def _gates(a: Any, bias: Any, c_before: Any, c: Any, tanh_c: Any, h: Any) -> None:
    """One sample, one step: a (4 hidden,) holds the sums when called, and the gates i, f, g, o afterwards."""
    hidden = len(h)
    for k in range(hidden):
        i = sigmoid(a[k] + bias[k])
        f = sigmoid(a[k + hidden] + bias[k + hidden])
        g = tanh(a[k + 2 * hidden] + bias[k + 2 * hidden])
        o = sigmoid(a[k + 3 * hidden] + bias[k + 3 * hidden])
        c_new = f * c_before[k] + i * g
        tanh_new = tanh(c_new)
        a[k] = i
        a[k + hidden] = f
        a[k + 2 * hidden] = g
        a[k + 3 * hidden] = o
        c[k] = c_new
        tanh_c[k] = tanh_new
        h[k] = o * tanh_new


@compiled(**EXACT)
def _gates_backward(gates: Any, c_before: Any, tanh_c: Any, doutput: Any, dh: Any, dc: Any, da: Any) -> None:
    """One sample, one step: writes da (4 hidden,); dc becomes that of the cell before, dh 0."""
    hidden = len(dh)
    for k in range(hidden):
        i, f = gates[k], gates[k + hidden]
        g, o = gates[k + 2 * hidden], gates[k + 3 * hidden]
        dh_k = dh[k] + doutput[k]
        dc_k = dc[k] + dh_k * o * (ONE - tanh_c[k] * tanh_c[k])  # h = o * tanh(c)
        da[k] = dc_k * g * i * (ONE - i)  # c = f * c_before + i * g
        da[k + hidden] = dc_k * c_before[k] * f * (ONE - f)
        da[k + 2 * hidden] = dc_k * i * (ONE - g * g)
        da[k + 3 * hidden] = dh_k * tanh_c[k] * o * (ONE - o)
        dc[k] = dc_k * f
        dh[k] = ZERO
