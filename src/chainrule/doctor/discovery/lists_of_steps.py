"""Sequences that are handed in as a list, an array for each time step: `for x in xs: h = W @ x`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..source.read import source_tree
from .choices import Choice, make_array

DEARER = 0.6  # than the same numbers in one array


def runs_over(function: Callable[..., Any], name: str) -> bool:
    """Whether a loop takes the items of an argument one after the other."""
    tree = source_tree(function)
    loops = [n for n in ast.walk(tree) if isinstance(n, (ast.For, ast.comprehension))] if tree else []
    return any(name in _taken(loop.iter) for loop in loops)


def _taken(node: ast.expr) -> list[str]:
    """xs; enumerate(xs), reversed(xs), zip(xs, ys)"""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("enumerate", "reversed", "zip"):
        return [n for argument in node.args for n in _taken(argument)]
    return [node.id] if isinstance(node, ast.Name) else []


def lists_of_steps(choices: list[Choice]) -> list[Choice]:
    """Beside every sequence, the list of its steps; with samples in columns, too."""
    found: list[Choice] = []
    for choice in choices:
        shape = choice.shape or ()
        if len(shape) == 3 and choice.said == str(shape):
            shape = (shape[1], shape[0], shape[2]) if shape[0] < 3 else shape  # two steps hide faults
            columns = (shape[0], shape[2], shape[1])
            found += [_in_steps(choice, shape, DEARER), _in_steps(choice, columns, 1.5 * DEARER)]
    return found


def _in_steps(choice: Choice, shape: tuple[int, ...], cost: float) -> Choice:
    return replace(
        choice,
        make=lambda: list(make_array("normal", shape)),
        said=f"a list of {shape[0]} arrays {shape[1:]}",
        cost=choice.cost + cost,
        code=f"list(np.random.default_rng(0).normal(size={shape}))",
        shape=None,
    )
