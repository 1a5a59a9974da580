"""What rnn, lstm and gru share: which time steps count, in which order they run, what is checked first.

**Ragged batches.** A batch is a rectangle (batch, time, features), sentences are not: short ones are filled
up at their end. `lengths` says how many steps of each sample are real. In the padding a sample's state stays
what it was, so that the state after the loop is that of the sample's last valid step; its output there is 0.
Run in reverse, the loop meets the padding first: the state stays h0 until the sample's own last valid step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .arrays import Array, check_same_dtype, describe

if TYPE_CHECKING:
    from .arrays import Bool, Float, Int

STEP_AXES = ("batch", "features")
SEQUENCE_AXES = ("batch", "time", "features")


def time_steps(time: int, reverse: bool) -> range:
    """0, 1, ..., time - 1, or backwards."""
    return range(time - 1, -1, -1) if reverse else range(time)


def valid_steps(
    name: str, x: Float[Array, "batch time features"], lengths: Int[Array, " batch"] | None
) -> Bool[Array, "batch time 1"]:
    """True where a step is real, False in the padding; all True without lengths.

    Raises TypeError unless lengths are integers, ValueError unless there is one from 1 to time per sample.
    """
    if lengths is None:
        return np.ones((*x.shape[:2], 1), dtype=bool, like=x)
    given = describe("input", x, SEQUENCE_AXES)
    if not hasattr(lengths, "dtype") or lengths.dtype.kind not in "iu":
        kind = getattr(lengths, "dtype", type(lengths).__name__)
        raise TypeError(f"{name} expects lengths as an array of integers, got {kind}: {given}")
    if lengths.shape != x.shape[:1]:
        raise ValueError(
            f"{name} expects one length per sample, {x.shape[:1]}, got {tuple(lengths.shape)}: {given}"
        )
    wrong = (lengths < 1) | (lengths > x.shape[1])
    if wrong.any():
        sample = int(wrong.argmax())
        raise ValueError(
            f"{name}: lengths must be from 1 to {x.shape[1]}, the time steps there are, got "
            f"{int(lengths[sample])} for sample {sample}: {given}. Leave out samples of length 0"
        )
    t = np.arange(x.shape[1], like=lengths)
    valid: Array = t[None, :, None] < lengths[:, None, None]
    return valid


def previous_states(
    states: Float[Array, "batch time hidden"], initial: Float[Array, "batch hidden"], reverse: bool
) -> Float[Array, "batch time hidden"]:
    """The state that each step began with: that of the step before it, for the first one the initial one."""
    if reverse:
        return np.concatenate([states[:, 1:], initial[:, None]], axis=1)
    return np.concatenate([initial[:, None], states[:, :-1]], axis=1)


def zeros_if_none(gradient: Array | None, like: Array) -> Array:
    """None stands for zero: nothing came from there."""
    return np.zeros_like(like) if gradient is None else gradient


def check_recurrent(
    name: str,
    gates: int,
    x: Array,
    axes: tuple[str, ...],
    states: dict[str, Array],
    weights: tuple[Array, Array],
    biases: tuple[Array | None, Array | None],
) -> None:
    """Raises ValueError unless all shapes fit, TypeError unless all dtypes are the weights'."""
    weight_ih, weight_hh = weights
    rows = "hidden" if gates == 1 else f"{gates} hidden"
    if x.ndim != len(axes):
        raise ValueError(f"{name} expects an input ({', '.join(axes)}), got {describe('input', x, axes)}")
    if 0 in x.shape[1:]:
        raise ValueError(f"{name}: there is nothing to read: {describe('input', x, axes)}")
    if weight_hh.ndim != 2 or weight_hh.shape[0] != gates * weight_hh.shape[1]:
        raise ValueError(
            f"{name} expects a weight_hh ({rows}, hidden), got {describe('weight_hh', weight_hh)}"
        )
    hidden = weight_hh.shape[1]
    if weight_ih.ndim != 2 or weight_ih.shape[0] != gates * hidden:
        raise ValueError(
            f"{name} expects a weight_ih ({rows} = {gates * hidden}, features), got "
            f"{describe('weight_ih', weight_ih)}: {describe('weight_hh', weight_hh)}"
        )
    if x.shape[-1] != weight_ih.shape[1]:
        raise ValueError(
            f"{name} expects {weight_ih.shape[1]} input features, got {x.shape[-1]}: "
            f"{describe('input', x, axes)}, {describe('weight_ih', weight_ih, (rows, 'features'))}"
        )
    check_same_dtype(name, x, weight_ih)
    check_same_dtype(f"{name} (weight_ih)", weight_ih, weight_hh)
    for state, array in states.items():
        if array.shape != (x.shape[0], hidden):
            raise ValueError(
                f"{name} expects {state} (batch {x.shape[0]}, hidden {hidden}), got {tuple(array.shape)}: "
                f"{describe('input', x, axes)}. If it is (hidden, batch), transpose it: a reshape would deal "
                "the numbers of one sample out to others"
            )
        check_same_dtype(f"{name} ({state})", array, weight_hh)
    for bias, values in zip(("bias_ih", "bias_hh"), biases, strict=True):
        if values is not None and values.shape != (gates * hidden,):
            raise ValueError(
                f"{name} expects a {bias} ({rows} = {gates * hidden},), got {describe(bias, values)}"
            )
