"""The compiled part of the GRU's twin. Arrays count time first; h holds time + 1 states, as in lstm_loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import compiled
from .elementary import EXACT, ONE, ZERO, sigmoid, tanh
from .product import add_product, pack


@compiled()
def gru_forward(
    weight_hh: Any, bias_ih: Any, bias_hh: Any, lengths: Any, reverse: bool, gates: Any, m: Any, h: Any
) -> None:
    """gates (time, batch, 3 hidden) holds x @ weight_ih.T when called, and r, z, n afterwards.

    m (time, batch, hidden) becomes what the state gives to n before r weighs it.
    """
    time, batch, rows = gates.shape
    from_h = np.empty((batch, rows), np.float32)
    panels = pack(weight_hh.T)
    for step in range(time):
        t = time - 1 - step if reverse else step
        before, after = (t + 1, t) if reverse else (t, t + 1)
        from_h[:] = bias_hh
        add_product(h[before], panels, from_h)  # from_h = h @ weight_hh.T + bias_hh
        for b in range(batch):
            if t < lengths[b]:
                _gates(gates[t, b], from_h[b], bias_ih, m[t, b], h[before, b], h[after, b])
            else:  # padding: the state stays what it was
                h[after, b] = h[before, b]


@compiled()
def gru_backward(
    weight_hh: Any, lengths: Any, reverse: bool, gates: Any, m: Any, h: Any,
    doutput: Any, dh: Any, dfrom_x: Any, dfrom_h: Any,
) -> None:  # fmt: skip
    """Fills dfrom_x and dfrom_h (time, batch, 3 hidden).

    dh (batch, hidden) comes in as that of the last state, and leaves as that of the first one.
    """
    time, batch, _ = gates.shape
    panels = pack(weight_hh)
    for step in range(time):
        t = step if reverse else time - 1 - step
        before = t + 1 if reverse else t
        for b in range(batch):
            if t < lengths[b]:
                _gates_backward(
                    gates[t, b], m[t, b], h[before, b], doutput[t, b], dh[b], dfrom_x[t, b], dfrom_h[t, b]
                )
            else:
                dfrom_x[t, b] = ZERO
                dfrom_h[t, b] = ZERO
        add_product(
            dfrom_h[t], panels, dh
        )  # dh += dfrom_h[t] @ weight_hh; it holds what went straight through z


@compiled(**EXACT)
def _gates(a: Any, from_h: Any, bias: Any, m: Any, before: Any, h: Any) -> None:
    """One sample, one step: a (3 hidden,) holds x's share when called, and the gates r, z, n afterwards."""
    hidden = len(h)
    for k in range(hidden):
        r = sigmoid(a[k] + bias[k] + from_h[k])
        z = sigmoid(a[k + hidden] + bias[k + hidden] + from_h[k + hidden])
        m_k = from_h[k + 2 * hidden]
        n = tanh(a[k + 2 * hidden] + bias[k + 2 * hidden] + r * m_k)
        a[k] = r
        a[k + hidden] = z
        a[k + 2 * hidden] = n
        m[k] = m_k
        h[k] = (ONE - z) * n + z * before[k]


@compiled(**EXACT)
def _gates_backward(
    gates: Any, m: Any, before: Any, doutput: Any, dh: Any, dfrom_x: Any, dfrom_h: Any
) -> None:
    """One sample, one step: writes dfrom_x and dfrom_h (3 hidden,); dh becomes what goes through z."""
    hidden = len(dh)
    for k in range(hidden):
        r, z, n = gates[k], gates[k + hidden], gates[k + 2 * hidden]
        dh_k = dh[k] + doutput[k]
        da_n = dh_k * (ONE - z) * (ONE - n * n)  # h = (1 - z) * n + z * before
        da_z = dh_k * (before[k] - n) * z * (ONE - z)
        da_r = da_n * m[k] * r * (ONE - r)  # n = tanh(... + r * m)
        dfrom_x[k] = da_r
        dfrom_x[k + hidden] = da_z
        dfrom_x[k + 2 * hidden] = da_n
        dfrom_h[k] = da_r
        dfrom_h[k + hidden] = da_z
        dfrom_h[k + 2 * hidden] = da_n * r
        dh[k] = dh_k * z
