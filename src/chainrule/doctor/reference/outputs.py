"""What must be done to the subject's output to make it the reference's?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from ..experiments.counts import count_of
from .borders import cropped
from .explanation import Change, Explanation, code_of, flipping, number, rearranged, taking
from .meeting import Meeting, apart, first_wrong, squeezed
from .sights import shapes_inside

Turn = Callable[[np.ndarray, np.ndarray, int], np.ndarray | None]  # our output, theirs, the point


def of_output(meeting: Meeting) -> Iterator[Explanation]:
    """Simple changes of the output, the simplest first."""
    for family in (_scaled, _shifted, _rearranged, _reversed, _activated, _softmaxed, cropped, _reordered):
        yield from family(meeting)


def _turned(meeting: Meeting, turn: Turn) -> bool:
    """Whether every output that differs is the reference's after a turn."""
    return meeting.holds(
        lambda point: [
            a if apart(a, b) <= meeting.tolerance else _or_nothing(turn(a, b, point), b)
            for a, b in zip(meeting.ours(None, point), meeting.theirs(point), strict=True)
        ]
    )


def _by(change: Change) -> Turn:
    return lambda y, _, __: change(y)


def _or_nothing(value: np.ndarray | None, like: np.ndarray) -> np.ndarray:
    return np.full(like.shape, np.nan) if value is None else value


def _scaled(meeting: Meeting) -> Iterator[Explanation]:
    a, b = first_wrong(meeting)
    if squeezed(a) != squeezed(b) or not np.any(a):
        return
    c = float(np.vdot(a, b) / np.vdot(a, a))
    if c == 0 or not np.isfinite(c) or not _turned(meeting, lambda y, _, __: c * y):
        return
    what = f"the reference's output is {number(c)} times the subject's"
    if abs(c + 1) < 1e-6:
        yield Explanation(
            "sign-flipped",
            "the reference's output is the subject's with the other sign",
            {"reference / subject": c},
        )
        return
    count = count_of(meeting.case, "", abs(c))
    code = "mean-sum-mismatch" if count else "reference-mismatch"
    yield Explanation(
        code,
        f"{what}: {count}" if count else what,
        {"reference / subject": c},
        bool(count),
        fix="divide (or multiply) in forward by that count" if count else "",
    )


def _shifted(meeting: Meeting) -> Iterator[Explanation]:
    """The difference is one of the subject's own arrays: a bias that is not added, or added twice."""
    a, b = first_wrong(meeting)
    if squeezed(a) != squeezed(b):
        return
    names = list(meeting.case.probe.names)
    for name, sign in itertools.product(names, (1.0, -1.0)):
        for axis in range(a.ndim):
            if meeting.value(name, 0).shape != (a.shape[axis],):
                continue

            def turn(
                y: np.ndarray,
                _: np.ndarray,
                point: int,
                name: str = name,
                sign: float = sign,
                axis: int = axis,
            ) -> np.ndarray:
                shape = [1] * y.ndim
                shape[axis] = -1
                return y + sign * meeting.value(name, point).reshape(shape)

            if _turned(meeting, turn):
                does, other = ("adds", "does not add") if sign > 0 else ("does not add", "adds")
                yield Explanation(
                    "reference-mismatch",
                    f"the reference {does} {name} (along axis {axis} of the output), the subject {other} it",
                    {"parameter": name, "axis": axis},
                    fix=f"y = y + {name}" if sign > 0 else f"leave out {name}",
                )
                return


def _rearranged(meeting: Meeting) -> Iterator[Explanation]:
    a, b = first_wrong(meeting)
    if a.size != b.size:
        return
    through = shapes_inside(meeting.case)
    if apart(a.reshape(b.shape), b) <= meeting.tolerance and _turned(
        meeting, lambda y, r, _: y.reshape(r.shape)
    ):
        yield Explanation(
            "reference-mismatch",
            f"the same numbers, in the shape {a.shape} where the reference has {b.shape}",
            {"shape": a.shape, "the reference's": b.shape},
            fix=f"y = y.reshape{b.shape}",
        )
        return
    for way in rearranged(a.shape, b.shape, through):
        if apart(way.change(a), b) > meeting.tolerance or not _turned(meeting, _by(way.change)):
            continue
        code = code_of(way, len(b.shape) == 3)
        yield Explanation(
            code,
            f"the output equals the reference's with {way.words}"
            if way.kind == "axes"
            else f"the output, {way.words}, equals the reference's",
            {"shape": a.shape, "the reference's": b.shape},
        )
        return


def _reversed(meeting: Meeting) -> Iterator[Explanation]:
    a, b = first_wrong(meeting)
    if a.shape != b.shape:
        return
    for size in range(1, min(a.ndim, 3) + 1):
        for axes in itertools.combinations(range(a.ndim), size):
            if all(a.shape[i] > 1 for i in axes) and _turned(meeting, _by(flipping(axes))):
                where = " and ".join(map(str, axes))
                yield Explanation(
                    "reference-mismatch",
                    f"the output is the reference's, reversed along axis {where}",
                    {"axes": axes},
                )
                return


_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda y: np.maximum(y, 0),
    "tanh": np.tanh,
    "sigmoid": lambda y: 1 / (1 + np.exp(-y)),
    "exp": np.exp,
    "softmax": lambda y: _softmax(y),
    "log_softmax": lambda y: np.log(_softmax(y)),
    "square": np.square,
}


def _softmax(y: np.ndarray) -> np.ndarray:
    e = np.exp(y - y.max(-1, keepdims=True))
    result: np.ndarray = e / e.sum(-1, keepdims=True)
    return result


def _activated(meeting: Meeting) -> Iterator[Explanation]:
    """One of them applies a function to what the other returns."""
    a, b = first_wrong(meeting)
    if squeezed(a) != squeezed(b) or not a.ndim:
        return
    for name, function in _ACTIVATIONS.items():
        for over in (True, False):
            fits = all(
                apart(function(x), y) <= meeting.tolerance
                for p in range(len(meeting.points))
                for x, y in [first_wrong(meeting, p)[:: 1 if over else -1]]
            )
            if fits:
                who, other = ("the reference", "the subject") if over else ("the subject", "the reference")
                yield Explanation(
                    "reference-mismatch", f"{who} returns {name} of what {other} returns", {"function": name}
                )
                return


def _softmaxed(meeting: Meeting) -> Iterator[Explanation]:
    """Both are softmaxes, over different axes: the logarithms differ by a term of the one axis plus a term
    of the other.
    """
    a, b = first_wrong(meeting)
    if a.shape != b.shape or a.ndim < 2 or np.any(a <= 0) or np.any(b <= 0):
        return
    ones = [[i for i in range(a.ndim) if np.allclose(v.sum(i), 1)] for v in (a, b)]
    for mine, theirs in itertools.product(*ones):
        d = np.log(a) - np.log(b)
        rest = (
            d
            - d.mean(mine, keepdims=True)
            - d.mean(theirs, keepdims=True)
            + d.mean((mine, theirs), keepdims=True)
        )
        if mine != theirs and np.abs(rest).max() < 1e-8 * max(np.abs(d).max(), 1e-300):
            yield Explanation(
                "softmax-axis-wrong",
                f"the output sums to 1 along axis {mine}, the reference's along axis {theirs}; both "
                "are softmaxes of the same numbers",
                {"axis": mine, "the reference's": theirs},
                fix=f"softmax over axis {theirs}",
            )
            return


def _reordered(meeting: Meeting) -> Iterator[Explanation]:
    """The slices along one axis are the reference's in another order."""
    a, b = first_wrong(meeting)
    if a.shape != b.shape:
        return
    for axis in range(a.ndim):
        if not 1 < a.shape[axis] <= 256:
            continue
        mine, theirs = (np.moveaxis(v, axis, 0).reshape(v.shape[axis], -1) for v in (a, b))
        size = max(np.abs(b).max(), 1e-300)
        order = [int(np.argmin(np.abs(mine - row).max(1))) for row in theirs]
        if sorted(order) == list(range(len(order))) and _turned(meeting, _by(taking(order, axis))):
            if np.abs(mine[order] - theirs).max() <= meeting.tolerance * size:
                yield Explanation(
                    "reference-mismatch",
                    f"along axis {axis}, the output is the reference's in another order: {order}",
                    {"axis": axis, "order": order},
                )
            return
