"""One step back in which several outputs look at one input: of their contributions only some have arrived."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ..case import close
from .step import Shape, Step, Verdict


def places_of(shape: Shape) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Ways to number the outputs by place: axes that tell places apart, and each flat output's place."""
    axes = [i for i, n in enumerate(shape) if n > 1]
    for size in range(len(axes), 0, -1):
        for chosen in itertools.combinations(axes, size):
            index = np.indices(shape)[list(chosen)].reshape(len(chosen), -1)
            yield chosen, np.asarray(np.ravel_multi_index(tuple(index), tuple(shape[i] for i in chosen)))


def by_place(step: Step, place: np.ndarray) -> np.ndarray:
    """(places, inputs): contributions added up within each place."""
    total = np.zeros((int(place.max()) + 1, step.x.size))
    np.add.at(total, place, step.contributions)
    return total


def windows(step: Step) -> Iterator[Verdict]:
    """Of several places that touch an input, only one counted: the last, the first, or one for all."""
    a, n = step.a.ravel(), step.n.ravel()
    size = float(np.abs(n).max(initial=0))
    if size == 0 or close(a, n):
        return
    for axes, place in places_of(step.out_shape):
        parts = by_place(step, place)
        reach = np.zeros(parts.shape)
        np.add.at(reach, place, np.abs(step.jacobian))
        touched = reach > 1e-9 * reach.max(initial=1e-300)
        times = touched.sum(0)
        patch = _one_patch(step, a, n, touched) if len(axes) > 1 else None
        if patch:
            yield patch
            return
        if times.max(initial=0) < 2:
            continue
        order = np.arange(len(parts))
        last = np.where(touched, order[:, None], -1).max(0)
        first = np.where(touched, order[:, None], len(parts)).min(0)
        inputs = np.arange(len(a))
        everywhere = bool((times == times.max()).all()) and times.max() == len(parts)
        if not everywhere and not _recursive(step, axes, touched):
            for which, chosen in (("last", last), ("first", first)):
                predicted = np.where(times > 0, parts[np.clip(chosen, 0, len(parts) - 1), inputs], 0.0)
                if close(a, predicted, size):
                    uniform = bool((times[times > 0] == times.max()).all()) and not step.ids
                    if uniform and step.several:
                        continue  # two outputs are no copies
                    yield (
                        _repeated(step, which, int(times.max()))
                        if uniform
                        else _overwritten(step, which, int(times.max()))
                    )
                    return
        for p in (0, len(parts) - 1):
            if close(a, parts[p], size) and len(parts) > 1:
                which = "first" if p == 0 else "last"
                yield _one_place(step, which, axes, len(parts), everywhere)
                return


def in_time(step: Step) -> Iterator[Verdict]:
    """a[t] is the gradient of the output at t alone: nothing came back from later steps."""
    if step.is_parameter or step.x.ndim < 2:
        return
    for axis, length in enumerate(step.out_shape):
        for own, n in enumerate(step.x.shape):
            if n != length or length < 3:
                continue
            when = np.indices(step.out_shape)[axis].ravel()
            position = np.indices(step.x.shape)[own].ravel()
            contributions = step.contributions
            strength = np.abs(step.jacobian)
            early, late = (
                strength[when[:, None] < position[None, :]],
                strength[when[:, None] > position[None, :]],
            )
            size = strength.max(initial=1e-300)
            if early.max(initial=0) > 1e-9 * size or late.max(initial=0) < 1e-6 * size:
                continue  # not causal along these axes, or without memory
            now = np.where(when[:, None] == position[None, :], contributions, 0).sum(0)
            if close(step.a.ravel(), now) and not close(now, step.n.ravel()):
                yield (
                    "hidden-gradient-dropped",
                    {"time axis": own, "steps": length},
                    f"at each of the {length} steps it is the gradient of that step's output alone: "
                    "nothing comes back from later steps",
                )
                return


def _recursive(step: Step, axes: tuple[int, ...], touched: np.ndarray) -> bool:
    """Whether what is touched grows along a time axis that inputs and
    outputs share: no windows, but memory.
    """
    for axis in axes:
        length = step.out_shape[axis]
        for own, n in enumerate(step.x.shape):
            if n != length or step.is_parameter:
                continue
            position = np.indices(step.x.shape)[own].ravel()
            index = np.unravel_index(np.arange(len(touched)), tuple(step.out_shape[i] for i in axes))[
                axes.index(axis)
            ]
            later = index[:, None] >= position[None, :]
            earlier = index[:, None] <= position[None, :]
            for order in (later, earlier):
                if not touched[~order].any() and touched[order].mean() > 0.3 and length > 2:
                    return True
    return False


def _one_patch(step: Step, a: np.ndarray, n: np.ndarray, touched: np.ndarray) -> Verdict | None:
    """Everything that comes back lands in what a single window has seen."""
    support = np.abs(a) > 1e-12
    whole = np.abs(n) > 1e-12
    if step.is_parameter or step.ids or not support.any() or support.sum() * 2 > whole.sum():
        return None
    for patch in touched:
        if patch.any() and patch.sum() * 2 <= whole.sum() and not (support & ~_same_plane(step, patch)).any():
            return (
                "first-window-only",
                {"entries that are not 0": int(support.sum()), "of": int(whole.sum())},
                f"only {int(support.sum())} of {int(whole.sum())} entries receive a gradient: those of "
                "one window",
            )
    return None


def _same_plane(step: Step, patch: np.ndarray) -> np.ndarray:
    """The window in every sample and channel."""
    seen = patch.reshape(step.x.shape)
    for axis in range(min(2, step.x.ndim - 1)):
        seen = np.broadcast_to(seen.any(axis, keepdims=True), step.x.shape)
    return np.asarray(seen).ravel()


def _overwritten(step: Step, which: str, times: int) -> Verdict:
    proof = (
        f"where several contributions meet (up to {times}), the gradient equals the {which} "
        "one alone; elsewhere it is right"
    )
    if step.ids or step.is_parameter:
        return "duplicate-index-lost", {"kept": which, "contributions, at most": times}, proof
    return "overlap-overwritten", {"kept": which, "windows that overlap, at most": times}, proof


def _is_bias(step: Step) -> bool:
    """A parameter that is added to the output as it is, at places of more than one kind."""
    j = step.jacobian
    ones = np.abs(j - 1) < 1e-6
    return (
        step.is_parameter
        and len(step.out_shape) >= 3
        and bool((ones | (np.abs(j) < 1e-9)).all())
        and len(step.out_shape) != 3
    )


def _repeated(step: Step, which: str, times: int) -> Verdict:
    """Every element reaches the same number of places: it was repeated, or used at every step."""
    proof = (
        f"every element reaches {times} places of the output; the gradient is that of the {which} one alone"
    )
    if _is_bias(step):
        return "bias-axes-wrong", {"kept": which, "of": times}, proof
    if step.is_parameter:
        return "last-step-only", {"kept": which, "of": times}, proof
    return "broadcast-not-summed", {"kept": which, "of": times}, proof


def _one_place(step: Step, which: str, axes: tuple[int, ...], places: int, everywhere: bool) -> Verdict:
    evidence = {"kept": which, "of": places, "output axes": axes}
    if _is_bias(step):
        return (
            "bias-axes-wrong",
            evidence,
            f"it is summed over too little: the contribution of the {which} of {places} places (output "
            f"axes {axes}) alone",
        )
    proof = f"it equals the contribution of the {which} of {places} places (output axes {axes}) alone"
    if not everywhere and not step.ids:
        return "first-window-only", evidence, proof
    if step.ids and step.is_parameter:
        return "duplicate-index-lost", evidence, proof
    if len(step.out_shape) == 3 and axes in ((0,), (1,)) and step.is_parameter:
        return "last-step-only", evidence, proof
    if len(step.out_shape) >= 4 or (len(axes) > 1 and step.is_parameter):
        return "first-window-only", evidence, proof
    return "broadcast-not-summed", evidence, proof


def copies(step: Step) -> Iterator[Verdict]:
    """Each input was copied to several outputs; one copy, or the mean, was taken instead of the sum."""
    j = step.jacobian
    pattern = np.abs(j) > 1e-9
    times = pattern.sum(0)
    if times.max(initial=0) < 2 or (pattern.sum(1) > 1).any():
        return
    if not close(
        j[pattern], np.full(int(pattern.sum()), j[pattern][0] if pattern.any() else 0), tolerance=1e-6
    ):
        return
    a, n = step.a.ravel(), step.n.ravel()
    if close(a * times, n):
        yield (
            "broadcast-not-summed",
            {"copies": int(times.max()), "taken": "the mean"},
            f"every value was copied {times.max()} times; the gradient is the mean over the copies "
            "instead of the sum",
        )
        return
    parts = step.contributions
    for which in ("first", "last"):
        rows = np.argmax(pattern, 0) if which == "first" else len(j) - 1 - np.argmax(pattern[::-1], 0)
        if close(a, parts[rows, np.arange(len(a))]):
            yield (
                "broadcast-not-summed",
                {"copies": int(times.max()), "taken": which},
                f"every value was copied {times.max()} times; the gradient is that of the {which} copy alone",
            )
            return
