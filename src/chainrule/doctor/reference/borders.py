"""Other padding, another stride: the outputs are equal in part."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

import numpy as np

from .explanation import Explanation
from .meeting import Meeting, apart, first_wrong


def cropped(meeting: Meeting) -> Iterator[Explanation]:
    """The one is a part of the other, or both share their inner part, shifted: other padding,
    other stride.
    """
    a, b = first_wrong(meeting)
    if a.ndim != b.ndim or a.ndim < 2:
        return
    steps = [range(1, 4) if n != m else range(1, 2) for n, m in zip(a.shape, b.shape, strict=True)]
    small, large = (a, b) if a.size <= b.size else (b, a)
    if a.shape != b.shape and all(n <= m for n, m in zip(small.shape, large.shape, strict=True)):
        offsets = [range(m - n + 1) for n, m in zip(small.shape, large.shape, strict=True)]
        for stride in itertools.product(*steps):
            for offset in itertools.islice(itertools.product(*offsets), 400):
                index = tuple(slice(o, None, s) for o, s in zip(offset, stride, strict=True))
                part = large[index][tuple(slice(0, n) for n in small.shape)]
                if part.shape == small.shape and apart(part, small) <= meeting.tolerance:
                    yield _part(a, b, offset, stride)
                    return
    for axes in _shiftable(a, b):
        inner = tuple(slice(1, -1) if i in axes else slice(None) for i in range(a.ndim))
        if a.shape == b.shape and meeting.holds(partial(_filled, meeting, inner)):
            yield Explanation(
                "stride-or-padding-misaligned",
                f"only the border of axes {axes} differs: what stands in the padding is another",
                {"axes": axes, "shape": a.shape},
                fix="pad with what the reference pads with (zeros, the edge, a reflection)",
            )
            return
    for axes in _shiftable(a, b):
        shifts = [range(-3, 4) if i in axes else range(1) for i in range(a.ndim)]
        for shift in itertools.product(*shifts):
            mine, theirs = _overlap(a, b, shift)
            if (
                any(shift)
                and 2 * mine.size >= a.size / 2
                and mine.size > 4
                and apart(mine, theirs) <= meeting.tolerance
            ):
                yield Explanation(
                    "stride-or-padding-misaligned",
                    f"where they overlap, the output equals the reference's moved by {shift}: the "
                    "padding differs from one side to the other",
                    {"shift": shift, "shape": a.shape, "the reference's": b.shape},
                    fix="the same padding on the sides where the reference has it",
                )
                return


def _filled(meeting: Meeting, inner: tuple[slice, ...], point: int) -> list[np.ndarray]:
    """Our outputs, outside of `inner` with the reference's numbers."""
    a, b = first_wrong(meeting, point)
    mixed = b.copy()
    mixed[inner] = a[inner]
    outputs = meeting.ours(None, point)
    return [
        mixed if apart(v, t) > meeting.tolerance else v
        for v, t in zip(outputs, meeting.theirs(point), strict=True)
    ]


def _shiftable(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[int, ...]]:
    if a.ndim == b.ndim:
        for size in (1, 2):
            yield from itertools.combinations(
                [i for i in range(a.ndim) if min(a.shape[i], b.shape[i]) > 2], size
            )


def _overlap(a: np.ndarray, b: np.ndarray, shift: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    mine = tuple(slice(max(0, s), None) for s in shift)
    theirs = tuple(slice(max(0, -s), None) for s in shift)
    a, b = a[mine], b[theirs]
    common = tuple(slice(0, min(n, m)) for n, m in zip(a.shape, b.shape, strict=True))
    return a[common], b[common]


def _part(a: np.ndarray, b: np.ndarray, offset: tuple[int, ...], stride: tuple[int, ...]) -> Explanation:
    inner, outer = ("output", "reference's") if a.size <= b.size else ("reference's output", "subject's")
    strided = any(s > 1 for s in stride)
    how = f"one element in {max(stride)} of" if strided else f"the part of, from {offset} on,"
    return Explanation(
        "stride-or-padding-misaligned",
        f"the {inner} is {how} the {outer}: the {'stride' if strided else 'padding'} differs",
        {"shape": a.shape, "the reference's": b.shape, "offset": offset, "stride": stride},
        fix=f"the {'stride' if strided else 'padding'} of the reference",
    )
