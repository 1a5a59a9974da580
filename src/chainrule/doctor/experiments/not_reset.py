"""Gradients that add up by design are reset by a method of the code's own, zero_grad(): all of them?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..arrays_inside import step
from ..calling import required
from ..case import Case, close, source_place
from ..objects import find_method
from ..probe import Arrays
from ..report import Finding

RESETS = (
    "zero_grad", "zero_grads", "zero_gradients", "zero_gradient", "zerograd", "zerograds", "reset_grad",
    "reset_grads", "reset_gradients", "clear_grad", "clear_grads", "clear_gradients", "cleargrads",
)  # fmt: skip


def not_reset(case: Case, values: Arrays, adding: list[str]) -> Iterator[Finding]:
    """Those that have doubled all the same, where the others have not."""
    owner = case.probe.subject.owner
    name = reset_of(owner)
    if not name:
        return
    second = case.again(rounds=2, changes=values, again=getattr(owner, name))
    first = case.run.gradients if case.run is not None else {}
    found = {n: g for n in adding if isinstance(g := (second or {}).get(n), np.ndarray)}
    left = [n for n, g in found.items() if close(g, 2 * first[n], tolerance=1e-6)]
    reset = [n for n, g in found.items() if close(g, first[n], tolerance=1e-6)]
    if left and reset:
        yield case.finding(
            "accumulates-across-calls",
            left,
            verified=True,
            place=_place(owner, left[0]),
            evidence={"second call / first": 2.0, "reset": reset},
            detail=f"after {name}() {', '.join(left)} adds up all the same: at the second call it has "
            f"doubled; {', '.join(reset[:3])} is reset",
        )


def reset_of(owner: Any) -> str:
    """The name of the method that resets gradients; "" where there is none that asks for nothing."""
    for name in RESETS if owner is not None else ():
        function = find_method(owner, name)
        if function is not None and not required(getattr(owner, name)):
            return name
    return ""


def _place(owner: Any, path: str) -> tuple[str, int] | None:
    """The method of the innermost object on the way to the parameter that has one."""
    innermost: Callable[..., Any] = getattr(owner, reset_of(owner))
    for part in path.split("."):
        try:
            owner = step(owner, int(part) if part.isdigit() else part)
        except (LookupError, TypeError, AttributeError):
            break
        if reset_of(owner):
            innermost = getattr(owner, reset_of(owner))
    return source_place(inspect.unwrap(innermost))
