"""Layers that select (max pooling, maxout, a maximum over time): each output is one of its inputs.

The Jacobian shows only who has won. What an output looks at at all is found by impulses: one input after the
other is made very large, and very small, and what moves looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Case, close
from ..numeric import flat
from ..report import Finding
from .step import Step
from .structure import step_of
from .windows import by_place, places_of

MOST = 3_000  # evaluations of forward
MOST_OUTPUTS = 600  # whose gradients are handed back one by one


def selection(case: Case) -> Iterator[Finding]:
    """Of the windows that look at an input only one counted, or all that was looked at got the gradient."""
    for name in case.wrong:
        step = step_of(case, name)
        if step is None or step.is_parameter or not _selects(step) or 2 * step.x.size > MOST:
            continue
        seen = _reach(case, name)
        everybody = list(_everybody(case, step, seen))
        yield from everybody
        yield from _overwritten(case, step, seen)
        if not everybody:
            yield from _others(case, step, seen)


def _selects(step: Step) -> bool:
    """Whether each output is one input, as it is."""
    j = np.abs(step.jacobian)
    one = np.abs(j - 1) < 1e-6
    return bool((one | (j < 1e-9)).all() and (one.sum(1) == 1).all() and step.x.size != step.y.size)


def _reach(case: Case, name: str) -> np.ndarray:
    """(outputs, inputs): which outputs look at which inputs."""
    value = case.probe.value(name)
    base = flat(case.outputs)
    far = 10 * float(np.abs(value).max(initial=1)) + 1
    seen = np.zeros((base.size, value.size), bool)
    for i in range(value.size):
        for sign in (1, -1):
            moved = value.copy()
            moved.flat[i] = sign * far
            seen[:, i] |= flat(case.probe.outputs({name: moved})) != base
    return seen


def _everybody(case: Case, step: Step, seen: np.ndarray) -> Iterator[Finding]:
    if close(step.a.ravel(), step.g @ seen):
        yield case.finding(
            "activation-derivative-missing",
            [step.name],
            verified=True,
            evidence={"inputs of a window": int(seen.sum(1).max())},
            detail="every input that an output looks at gets its gradient; only the one that was selected "
            "has a derivative, which is 1",
        )


def _others(case: Case, step: Step, seen: np.ndarray) -> Iterator[Finding]:
    """Whom each output hands its gradient to: one after the other, outputs are given a gradient alone."""
    if len(case.probe.upstream) != 1 or step.y.size > MOST_OUTPUTS:
        return
    ((output, g),) = case.probe.upstream.items()
    handed = np.zeros(seen.shape)
    for k in range(step.y.size):
        alone = np.zeros(g.shape)
        alone.flat[k] = 1.0
        a = (case.again(upstream={output: alone}) or {}).get(step.name)
        if not isinstance(a, np.ndarray) or a.shape != step.x.shape:
            return
        handed[k] = a.ravel()
    right = np.abs(step.jacobian) > 0.5
    whole = np.isin(handed, (0.0, 1.0)).all() and close(step.g @ handed, step.a.ravel())
    astray = (handed > 0) & ~right
    if whole and astray.any() and not (astray & ~seen).any():
        yield case.finding(
            "activation-derivative-misplaced",
            [step.name],
            verified=True,
            evidence={
                "outputs whose gradient goes to an input that was not selected": int(astray.any(1).sum()),
                "outputs": step.y.size,
            },
            detail="each output is one of the inputs that it looks at, and only that one has a derivative, "
            "1; backward hands gradients to others of them. With each given to the input that forward "
            f"selected, the gradient of {step.name} is right",
        )


def _overwritten(case: Case, step: Step, seen: np.ndarray) -> Iterator[Finding]:
    for axes, place in places_of(step.out_shape):
        parts = by_place(step, place)
        looked = np.zeros(parts.shape, bool)
        np.logical_or.at(looked, place, seen)
        order = np.arange(len(parts))[:, None]
        chosen = {
            "last": np.where(looked, order, -1).max(0),
            "first": np.where(looked, order, len(parts)).min(0),
        }
        for which, window in chosen.items():
            alone = parts[np.clip(window, 0, len(parts) - 1), np.arange(step.x.size)]
            if close(step.a.ravel(), np.where(looked.any(0), alone, 0.0)):
                yield case.finding(
                    "overlap-overwritten",
                    [step.name],
                    verified=True,
                    evidence={"kept": which, "windows that overlap, at most": int(looked.sum(0).max())},
                    detail=f"of the windows that look at an input (output axes {axes}), only the {which} "
                    "one's gradient is left: it overwrites the others', also with 0 where it selects another",
                )
                return
