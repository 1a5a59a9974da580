"""The compiled part of the RNN's twin. Arrays count time first; h holds time + 1 states, as in lstm_loops."""

from __future__ import annotations

from typing import Any

from .compiler import compiled
from .elementary import EXACT, ONE, ZERO, tanh
from .product import add_product, pack


@compiled()
def rnn_forward(
    weight_hh: Any, bias: Any, lengths: Any, reverse: bool, relu: bool, from_x: Any, h: Any
) -> None:
    """Fills h. from_x (time, batch, hidden) holds x @ weight_ih.T when called, and is used up."""
    time, batch, _ = from_x.shape
    panels = pack(weight_hh.T)
    for step in range(time):
        t = time - 1 - step if reverse else step
        before, after = (t + 1, t) if reverse else (t, t + 1)
        add_product(h[before], panels, from_x[t])  # from_x[t] += h @ weight_hh.T
        for b in range(batch):
            if t >= lengths[b]:  # padding: the state stays what it was
                h[after, b] = h[before, b]
            elif relu:
                _relu(from_x[t, b], bias, h[after, b])
            else:
                _tanh(from_x[t, b], bias, h[after, b])


@compiled()
def rnn_backward(
    weight_hh: Any, lengths: Any, reverse: bool, relu: bool, h: Any, doutput: Any, dh: Any, da: Any
) -> None:
    """Fills da (time, batch, hidden).

    dh (batch, hidden) comes in as that of the last state, and leaves as that of the first one.
    """
    time, batch, _ = da.shape
    panels = pack(weight_hh)
    for step in range(time):
        t = step if reverse else time - 1 - step
        after = t if reverse else t + 1
        for b in range(batch):
            if t >= lengths[b]:
                da[t, b] = ZERO
            elif relu:
                _relu_backward(h[after, b], doutput[t, b], dh[b], da[t, b])
            else:
                _tanh_backward(h[after, b], doutput[t, b], dh[b], da[t, b])
        add_product(da[t], panels, dh)  # dh += da[t] @ weight_hh; it is 0 by now, but in the padding


@compiled(**EXACT)
def _tanh(a: Any, bias: Any, h: Any) -> None:
    for k in range(len(h)):
        h[k] = tanh(a[k] + bias[k])


@compiled(**EXACT)
def _relu(a: Any, bias: Any, h: Any) -> None:
    for k in range(len(h)):
        y = a[k] + bias[k]
        h[k] = ZERO if y < ZERO else y  # NaN stays NaN


@compiled(**EXACT)
def _tanh_backward(h: Any, doutput: Any, dh: Any, da: Any) -> None:
    for k in range(len(h)):
        da[k] = (dh[k] + doutput[k]) * (ONE - h[k] * h[k])
        dh[k] = ZERO


@compiled(**EXACT)
def _relu_backward(h: Any, doutput: Any, dh: Any, da: Any) -> None:
    for k in range(len(h)):
        da[k] = (dh[k] + doutput[k]) * (ONE if h[k] > ZERO else ZERO)
        dh[k] = ZERO
