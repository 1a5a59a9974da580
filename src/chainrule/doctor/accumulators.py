"""A backward that is handed a dict into which it adds the gradients of the weights:

    def cell_back(p, g, dh, cache):
        g["W"] += dh @ x.T

The dict begins with zeros, one for each array of the dict of weights, and is read afterwards.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .source.read import source_tree
from .structure import mapped


def filled(backward: Callable[..., Any]) -> set[str]:
    """The arguments of backward into which it writes under keys that are strings."""
    tree = source_tree(backward)
    if tree is None:
        return set()
    arguments = {a.arg for a in tree.args.args}
    return {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id in arguments
        and _is_text(node.slice)
    }


def _is_text(key: ast.expr) -> bool:
    """ "W", f"W{i}", "W" + k"""
    texts = [n.value for n in ast.walk(key) if isinstance(n, ast.Constant)]
    return any(isinstance(text, str) for text in texts) or isinstance(key, ast.JoinedStr)


def zeros(inputs: Sequence[Any]) -> dict[str, Any]:
    """For the first input that is a dict of arrays; empty where there is none."""
    first = next((v for v in inputs if isinstance(v, dict)), {})
    begun: dict[str, Any] = mapped(first, lambda _, leaf: np.zeros_like(leaf))
    return begun


def by_input(
    returned: Any, added: dict[str, Any], names: Sequence[str], inputs: Sequence[Any]
) -> dict[str, Any]:
    """What was added belongs to the dict of weights, what was returned to the others, in their order."""
    owner = next(name for name, value in zip(names, inputs, strict=True) if isinstance(value, dict))
    parts = returned if isinstance(returned, tuple) else (returned,)
    others = [name for name in names if name != owner]
    return {owner: added, **dict(zip(others, parts, strict=False))}
