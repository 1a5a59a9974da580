"""Which change of a weight (or of an input) makes the subject's output the reference's?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from .explanation import Change, Explanation, filling, flipping, rearranged
from .meeting import Meeting


def of_arrays(meeting: Meeting) -> Iterator[Explanation]:
    """Changes of single arrays, the simplest first."""
    for family in (_moved, _flipped, _left_out):
        yield from family(meeting)


def of_layout(meeting: Meeting) -> Iterator[Explanation]:
    """(batch, time) against (time, batch): input and output with two axes exchanged."""
    name = meeting.case.probe.subject.input_names[0]
    if name not in meeting.case.probe.names:
        return
    for a, b in itertools.combinations(range(min(meeting.value(name, 0).ndim, 4)), 2):

        def exchanged(point: int, a: int = a, b: int = b) -> list[np.ndarray]:
            return [
                v.swapaxes(a, b)
                for v in meeting.ours({name: meeting.value(name, point).swapaxes(a, b)}, point)
            ]

        if meeting.holds(exchanged):
            yield Explanation(
                "transpose-missing",
                f"with axes {a} and {b} exchanged in `{name}` and in the output, "
                "it equals the reference's: the one "
                f"reads axis {a} as what the other reads axis {b}",
                {"input": name, "axes": (a, b)},
                fix=f"exchange axes {a} and {b}, or give the reference this layout (batch_first=True)",
            )
            return


def changed(meeting: Meeting, changes: dict[str, Change]) -> bool:
    """Whether the outputs are the reference's when these arrays are changed."""
    return meeting.holds(
        lambda point: meeting.ours(
            {n: change(meeting.value(n, point)) for n, change in changes.items()}, point
        )
    )


def weights_first(meeting: Meeting) -> list[str]:
    probe = meeting.case.probe
    first = probe.subject.input_names[:1]
    return sorted(probe.names, key=lambda n: (n in first, not probe.is_parameter(n)))


def _moved(meeting: Meeting) -> Iterator[Explanation]:
    """Axes exchanged, or the same numbers read in another order."""
    for name in weights_first(meeting):
        value = meeting.value(name, 0)
        if not 2 <= value.ndim <= 5:
            continue
        ways = list(rearranged(value.shape, value.shape))
        for way in ways:
            if changed(meeting, {name: way.change}):
                patches = value.ndim > 2 and name not in meeting.case.probe.subject.input_names[:1]
                code = (
                    "patch-order-permuted"
                    if patches
                    else "transpose-missing"
                    if way.kind == "axes"
                    else "reshape-for-transpose"
                )
                yield Explanation(
                    code,
                    f"with {way.words} in `{name}` {value.shape}, the output equals the reference's"
                    if way.kind == "axes"
                    else f"with `{name}` {value.shape}, {way.words}, the output equals the reference's",
                    {"parameter": name, "shape": value.shape},
                    fix="flatten patches and weight in one order, e.g. both (channels, kh, kw)"
                    if patches
                    else f"{name}.T"
                    if value.ndim == 2
                    else "",
                )
                return


def _flipped(meeting: Meeting) -> Iterator[Explanation]:
    for name in weights_first(meeting):
        value = meeting.value(name, 0)
        wide = [i for i in range(value.ndim) if value.shape[i] > 1]
        groups = [g for size in (2, 1, 3) for g in itertools.combinations(wide, size)]
        for axes in sorted(groups, key=lambda g: -min(g)):
            if changed(meeting, {name: flipping(axes)}):
                kernel = name not in meeting.case.probe.subject.input_names[:1] and value.ndim > 1
                where = " and ".join(map(str, axes))
                yield Explanation(
                    "kernel-not-flipped" if kernel else "reference-mismatch",
                    f"with `{name}` {value.shape} flipped along axis {where}, the output equals the "
                    "reference's: "
                    + (
                        "the one is a convolution, the other a correlation"
                        if kernel
                        else "the one reads it backwards"
                    ),
                    {"parameter": name, "axes": axes},
                    fix=f"np.flip({name}, {axes}) in forward (deep learning's convolution is a "
                    "correlation: no flip)"
                    if kernel
                    else "",
                )
                return


def _left_out(meeting: Meeting) -> Iterator[Explanation]:
    """An array that only the subject uses."""
    for name in weights_first(meeting):
        for value, what in ((0.0, "0"), (1.0, "1")):
            if changed(meeting, {name: filling(value)}):
                yield Explanation(
                    "reference-mismatch",
                    f"with `{name}` = {what}, the output equals the reference's, which does not use it",
                    {"parameter": name},
                    fix=f"{name} enters only the subject",
                )
                return
