"""A buffer of `np.empty` that is not filled: what comes back is what lay in that memory before.

It changes from run to run, as if something were carried over, or drawn. So the memory is given known numbers,
once these and once others: a gradient that changes with them was never computed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..case import Case, close
from ..report import Finding
from ..source.reach import reached
from ..source.read import source_tree

MAKERS = ("empty", "empty_like")


def unwritten(case: Case) -> Iterator[Finding]:
    """Gradients that depend on the memory that backward was given."""
    place = _made_at(case)
    if place is None:
        return
    one, two = (_filled(case, number) for number in (0.0, 3.0))
    if one is None or two is None:
        return
    changed = [
        n
        for n in case.probe.names
        if isinstance(one.get(n), np.ndarray) and not close(one[n], two.get(n, np.nan), tolerance=1e-9)
    ]
    if changed:
        yield case.finding(
            "gradient-never-computed",
            changed,
            verified=True,
            place=place,
            evidence={"differ with the memory's old content": changed},
            detail=f"a buffer that np.empty makes is read where nothing was written into it: with 0 in that "
            f"memory and with 3, the gradients of {', '.join(changed[:6])} differ",
        )


def _filled(case: Case, number: float) -> dict[str, Any] | None:
    with _memory(number):
        return case.again()


@contextmanager
def _memory(number: float) -> Iterator[None]:
    """Inside the block, new memory holds this number."""
    kept = {name: getattr(np, name) for name in MAKERS}

    def filled(make: Any) -> Any:
        def made(*args: Any, **kwargs: Any) -> Any:
            array = make(*args, **kwargs)
            if array.dtype.kind in "fc":
                array.fill(number)
            return array

        return made

    try:
        for name, make in kept.items():
            setattr(np, name, filled(make))
        yield
    finally:
        for name, make in kept.items():
            setattr(np, name, make)


def _made_at(case: Case) -> tuple[str, int] | None:
    """The first place in backward where such a buffer is made."""
    for function in reached(case.probe.subject.backward_function, case.probe.subject.owner, abroad=True):
        if not set(MAKERS) & set(function.__code__.co_names):
            continue
        tree = source_tree(function)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in MAKERS:
                return function.__code__.co_filename, node.lineno
    return None


__all__ = ["unwritten"]
