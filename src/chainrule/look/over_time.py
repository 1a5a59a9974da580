"""Norms per time step, and the whole gradient of a recurrent layer's state."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.doctor.recorder import Call
from chainrule.functions.arrays import Array

AGREES = 0.01  # of a norm


def norms_over(array: Array, axis: int) -> tuple[float, ...]:
    """√Σ g² over all other axes, one per step along `axis`; scaled, so that no square over- or underflows."""
    rows = np.abs(np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)).astype(np.float64)
    largest = rows.max(1, initial=0.0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    with np.errstate(all="ignore"):
        return tuple(map(float, scale * np.sqrt(np.square(rows / scale[:, None]).sum(1))))


def ends_differ(array: Array, axis: int) -> bool:
    """Is the last step that is not 0 another one for one sample than for another, as in ragged batches?"""
    reached = (np.moveaxis(array, axis, 0) != 0).any(-1)  # (time, batch)
    last = len(reached) - reached[::-1].argmax(0)
    return len(set(last[reached.any(0)].tolist())) > 1


def state_norms(
    forward: Call, backward: Call, leaving: tuple[float, ...] | None, axis: int
) -> list[tuple[float, ...]] | None:
    """‖∂L/∂h[t]‖ by time step, for each row of the state (layers x directions, batch, hidden).

    A layer over a whole sequence never hands out the gradient of a state in the middle. But where the state
    is an argument and a result, the sequence may be cut anywhere: here after every step. Forward goes step by
    step and hands the state on, backward hands its gradient back:

        (output, state), cache = layer.forward(x[:, t:t+1], state)
        dx, dstate, ... = layer.backward((doutput[:, t:t+1], dstate), cache)

    What is handed back at t, plus what arrives from above at t (it reaches the last row), is the whole of
    ∂L/∂h[t]. The replay adds to the layer's gradients. It proves itself: its dx must have the norms that were
    recorded. Returns None where they are not (two directions, dropout between layers), where `lengths` or
    other arguments were given, or where the layer has no such state.
    """
    if leaving is None or not np.isfinite(leaving).all():
        return None
    try:
        with np.errstate(all="ignore"):
            return _replayed(forward, backward, np.asarray(leaving), axis)
    except Exception:  # a foreign layer for which (output, state) means something else
        return None


def _replayed(forward: Call, backward: Call, leaving: Array, axis: int) -> list[tuple[float, ...]] | None:
    x, *others = forward.inputs
    given = [value for value in (*others[1:], *forward.kwargs.values()) if value is not None]
    (output, final), _ = forward.outputs
    doutput, dstate = backward.inputs[0]
    if given or output.shape[axis] != x.shape[axis]:
        return None
    run, run_back = getattr(forward.layer, forward.method), getattr(backward.layer, backward.method)
    steps = range(x.shape[axis])
    state, caches, shape = others[0] if others else None, [], _parts(final)[0].shape
    for t in steps:
        (y, state), cache = run(np.take(x, [t], axis), state)
        if not np.allclose(np.take(y, 0, axis), _parts(state)[0][-1]):
            return None  # the output is no state
        caches.append(cache)
    norms, dx_norms = [], []
    for t in reversed(steps):
        above = None if doutput is None else np.take(doutput, [t], axis)
        dparts = [np.zeros(shape) if part is None else np.array(part) for part in _parts(dstate)]
        if above is not None:
            dparts[0][-1] += np.take(above, 0, axis)
        norms.append(norms_over(np.concatenate(dparts, -1), 0))
        dx, dstate, *_ = run_back((above, dstate), caches[t])
        dx_norms.append(norms_over(dx, axis)[0])
    smallest = np.finfo(dx.dtype).tiny  # below it, numbers lose their digits
    if not np.allclose(dx_norms[::-1], leaving, rtol=AGREES, atol=smallest):
        return None
    return list(zip(*reversed(norms), strict=True))


def _parts(state: Any) -> tuple[Any, ...]:
    """h becomes (h,), (h, c) stays."""
    return tuple(state) if isinstance(state, tuple | list) else (state,)
