"""A pair whose backward is handed a dict of gradients and adds to it:

def cell(p, x, h): ...                              -> h, cache
def cell_back(p, grads, dh, cache):                 -> dx, dh
    grads["W"] += dz @ x.T
"""

from __future__ import annotations

import ast
import inspect
from typing import Any

import numpy as np

from ..calling import positional, source_tree
from .adapters import Function, Pair, wearing
from .facts import facts_of


def accumulating(forward: Function, backward: Function) -> Pair:
    """The pair whose backward begins with zeros and returns them filled, by the name of what they belong to;
    as it is where backward fills nothing of the kind.
    """
    inputs = [p.name for p in positional(forward)]
    parameters = positional(backward)
    filled = [p.name for p in parameters if p.name not in inputs and _fills(backward, p.name)]
    holders = [name for name in inputs if facts_of(forward, name).keys]
    if len(filled) != 1 or len(holders) != 1:
        return forward, backward
    place, holder = [p.name for p in parameters].index(filled[0]), holders[0]
    others = [name for name in inputs if name != holder]

    def ahead(*values: Any, **kwargs: Any) -> Any:
        outputs = forward(*values, **kwargs)
        *first, cache = outputs if isinstance(outputs, tuple) else (outputs, None)
        return (*first, (values[inputs.index(holder)], cache))

    def back(*handed: Any) -> Any:
        *rest, (values, cache) = handed
        zeros = {key: np.zeros_like(value) for key, value in values.items()}
        given = [values if p.name == holder else None for p in parameters if p.name != filled[0]]
        free = iter([*rest, cache])
        given = [next(free) if value is None else value for value in given]
        given.insert(place, zeros)
        returned = backward(*given)
        parts = returned if isinstance(returned, tuple) else (returned,)
        return {**dict(zip(others, parts, strict=False)), holder: zeros}

    asked = [p for p in parameters if p.name not in (filled[0], holder)]
    return (
        wearing(ahead, forward, inspect.signature(forward)),
        wearing(back, backward, inspect.Signature(asked)),
    )


def _fills(function: Function, name: str) -> bool:
    """Whether items of an argument are added to, or set, under a key."""
    tree = source_tree(function)
    for node in ast.walk(tree) if tree is not None else ():
        targets: list[ast.expr] = []
        if isinstance(node, (ast.AugAssign, ast.Assign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        items = [t for t in targets if isinstance(t, ast.Subscript) and ast.unparse(t.value) == name]
        if any(_is_key(item.slice) for item in items):
            return True
    return False


def _is_key(node: ast.expr) -> bool:
    """`"W"`, `"W" + gate`, f"W{i}"."""
    inside = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return any(isinstance(value, str) for value in inside)
