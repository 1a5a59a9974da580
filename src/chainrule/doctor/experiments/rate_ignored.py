"""A backward that takes a learning rate, and steps without it: W -= dW."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from ..case import Case, close, source_place
from ..report import Finding
from ..source.read import source_tree


def rate_ignored(case: Case) -> Iterator[Finding]:
    """Half the learning rate, and the step is as long as before; by its full length it is the gradient."""
    rate_name = case.probe.subject.call.learning_rate
    if rate_name is None or not case.wrong:
        return
    rate = case.probe.rate
    half = case.again(rate=rate / 2)
    stepped = [p.name for p in case.probe.subject.parameters if p.gradient is None and p.name in case.wrong]
    found = [
        n
        for n in stepped
        if half
        and isinstance(half.get(n), np.ndarray)
        and close(half[n] / 2, case.a(n), tolerance=1e-5)
        and case.explains(n, case.a(n) * rate)
    ]
    if found:
        yield case.finding(
            "update-disagrees",
            found,
            verified=True,
            place=_line(case, found[0]),
            evidence={"steps at half the learning rate / at the whole": 1.0, "gradient / step": 1.0},
            detail=f"{rate_name} has no part in the step: with half of it {', '.join(found)} moves as far as "
            f"with all of it, by the whole gradient",
            fix=f"W -= {rate_name} * dW",
        )


def _line(case: Case, name: str) -> tuple[str, int] | None:
    """The statement that changes the parameter."""
    function = case.probe.subject.backward_function
    tree = source_tree(function)
    last = name.rpartition(".")[2]
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, (ast.Assign, ast.AugAssign)):
            continue
        target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
        if isinstance(target, ast.Attribute) and target.attr == last:
            return source_place(function)[0], node.lineno
    return None
